// The form that gives a grant: to act as oneself, or, of administrators, as another account of the site.

import { words } from "./create.js";
import { byId, code, make } from "./elements.js";
import { goOn } from "./lists.js";
import { busy } from "./speech.js";

const DAY_S = 86_400;
const USUAL_S = [3600, DAY_S, 7 * DAY_S, 30 * DAY_S];
const CHOSEN_S = 7 * DAY_S;
/** The longest that the gateway lets people give one for. */
const LONGEST_S = Number(byId("give").dataset.daysMax) * DAY_S;

/** The fields that say who may act, and as whom. */
export const ACCOUNT = ["account", "Account"];
export const ACT_AS = ["act_as", "May act as"];

const spans = () => {
  const said = (seconds) => (seconds < DAY_S ? "1 hour" : seconds === DAY_S ? "1 day" : `${seconds / DAY_S} days`);
  const chosen = Math.min(CHOSEN_S, LONGEST_S);
  const all = [...USUAL_S.filter((seconds) => seconds < LONGEST_S), LONGEST_S];
  return all.map((seconds) => make("option", { value: seconds, defaultSelected: seconds === chosen }, said(seconds)));
};

const field = (title, control, ...hint) =>
  make(
    "div",
    { className: "field" },
    make("label", { htmlFor: control.id }, title),
    control,
    ...(hint.length > 0 ? [make("p", { id: `${control.id}-hint`, className: "hint" }, ...hint)] : []),
  );

/** `people` are the fields that say who; what `give` gave is `told` at the first of the lists that are named, which are shown anew. */
export const grantForm = (id, people, give, told, ...names) => {
  const input = (name, more) => {
    const place = `${id}-${name}`;
    return make("input", { id: place, name, required: true, spellcheck: false, autocapitalize: "none", describedBy: `${place}-hint`, ...more });
  };
  const submit = make("button", { type: "submit", className: "main" }, "Give grant");
  const form = make(
    "form",
    { id, autocomplete: "off" },
    make(
      "div",
      { className: "fields" },
      ...people.map(([name, title]) => field(title, input(name, { maxLength: 128 }), "The id of the account, as its own page shows it.")),
      field("For actions", input("actions", { defaultValue: "read" }), "Such as ", code("read"), " or ", code("getIssue"), "."),
      field("Ends after", make("select", { id: `${id}-for`, name: "for_s" }, ...spans())),
      field("Reason", input("reason", { maxLength: 200, spellcheck: true, autocapitalize: "sentences" }), "Whoever is acted as reads it."),
    ),
    submit,
  );
  form.onsubmit = (event) => {
    event.preventDefault();
    void busy(submit, async () => {
      const { actions, for_s: span, ...given } = Object.fromEntries(new FormData(form));
      const whom = Object.fromEntries(people.map(([name]) => [name, given[name].trim()]));
      const made = await give({ ...given, ...whom, actions: words(actions), for_s: Number(span) });
      form.reset();
      await goOn(told(made), ...names);
    });
  };
  return form;
};
