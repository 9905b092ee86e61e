// A key's text, the one time that there is. It leaves the document with its panel.

import { button, byId, make } from "./elements.js";
import { busy, mention, say } from "./speech.js";

/** Jira's frames have no permission for the clipboard; a selection can be copied all the same. */
const copyFrom = async (field) => {
  field.focus();
  field.select();
  const copied = document.execCommand("copy") || (await navigator.clipboard?.writeText(field.value).then(() => true, () => false));
  field.focus();
  field.select();
  mention(field.parentNode, copied ? "Copied." : "Selected. Press Ctrl+C, or Command+C, to copy.");
};

/** Shows a key that was made just now. */
export const reveal = (made) => {
  const field = make("input", { id: "made-key", className: "secret", readOnly: true, value: made.key, spellcheck: false });
  const copy = button("Copy", () => busy(copy, () => copyFrom(field)), "main");
  const done = button("Done", () => {
    putAway();
    mention();
    byId("keys-title").focus();
  });
  const title = make("h3", { tabIndex: -1 }, `Key “${made.name}”`);
  byId("made").replaceChildren(
    make(
      "div",
      { className: "made", role: "group", ariaLabel: "The new key" },
      title,
      make("label", { htmlFor: "made-key" }, "Copy it now: it is shown this once."),
      field,
      make("div", { className: "row" }, copy, done),
    ),
  );
  field.focus();
  field.select();
  say(byId("made").firstChild, `Made: ${made.name}.`);
};

export const putAway = () => {
  const field = byId("made-key");
  if (field) {
    field.value = "";
  }
  byId("made").replaceChildren();
};
