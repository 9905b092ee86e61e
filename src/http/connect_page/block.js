// Keeping an account out of the site: the form, for its administrators.

import { block } from "./api.js";
import { button, make } from "./elements.js";
import { end } from "./lists.js";
import { busy } from "./speech.js";

const SPANS = [["3600", "1 hour"], ["86400", "1 day"], ["604800", "7 days"], ["", "no end"]];
/** The gateway counts characters and takes no more. */
const REASON_CHARS_MAX = 200;

const field = (name, title, control, hint) => {
  Object.assign(control, { id: name, name });
  const below = hint ? [make("p", { id: `${name}-hint`, className: "hint" }, hint)] : [];
  below.forEach(({ id }) => control.setAttribute("aria-describedby", id));
  return make("div", { className: "field" }, make("label", { htmlFor: name }, title), control, ...below);
};

const keepOut = (form) => {
  const { "block-account": account, "block-span": span, "block-reason": reason } = Object.fromEntries(new FormData(form));
  const wish = { account: account.trim(), ...(span && { for_s: Number(span) }), ...(reason.trim() && { reason: reason.trim() }) };
  const work = async () => {
    await block(wish);
    form.reset();
  };
  return end(work, `Blocked: ${wish.account}.`, "site")();
};

/** The form. It stays the same when the lists around it are shown anew, with what somebody has begun to write in it. */
export const blockForm = () => {
  const submit = button("Block account", () => {}, "danger");
  submit.type = "submit";
  const spans = SPANS.map(([value, text]) => make("option", { value }, text));
  const fields = [
    field("block-account", "Account", make("input", { required: true, spellcheck: false, autocapitalize: "none" }), "Its id, as in the lists here."),
    field("block-span", "For", make("select", {}, ...spans)),
    field("block-reason", "Reason", make("input", { maxLength: REASON_CHARS_MAX }), "Administrators see it here."),
  ];
  const form = make("form", { autocomplete: "off", ariaLabel: "Block an account" });
  form.append(
    make("p", {}, "Sessions of the account end at once; its keys are refused until the block is over."),
    make("div", { className: "fields" }, ...fields),
    submit,
  );
  form.onsubmit = (event) => {
    event.preventDefault();
    void busy(submit, () => keepOut(form));
  };
  return form;
};
