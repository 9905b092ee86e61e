// Tables that become lists where there is no room, and the buttons in their rows. The roles stay, whatever the style makes of the
// elements. A column is `{title, show, hidden}`: `show` makes the content of a cell from a row, `hidden` is for those who hear it alone.

import { button, make } from "./elements.js";
import { busy } from "./speech.js";

const head = ({ title, hidden }) =>
  make("th", { role: "columnheader", scope: "col" }, hidden ? make("span", { className: "unseen" }, title) : title);

const cell = (row, { title, show, hidden }, at) => {
  const content = [show(row)].flat();
  if (at === 0) {
    return make("th", { role: "rowheader", scope: "row", data: { label: title } }, make("span", {}, ...content));
  }
  return hidden
    ? make("td", { role: "cell", className: "actions" }, ...content)
    : make("td", { role: "cell", data: { label: title } }, make("span", {}, ...content));
};

/** `none` is said where there are no rows. */
export const table = (label, columns, rows, none) => {
  if (rows.length === 0) {
    return make("p", { className: "empty" }, none);
  }
  const lines = rows.map((row) => make("tr", { role: "row" }, ...columns.map((column, at) => cell(row, column, at))));
  return make(
    "table",
    { role: "table", ariaLabel: label },
    make("thead", { role: "rowgroup" }, make("tr", { role: "row" }, ...columns.map(head))),
    make("tbody", { role: "rowgroup" }, ...lines),
  );
};

/**
 * Buttons of a row. Each asks again in its place, as the frame may open no dialogue: `{text, question, sure, more, act}`; `act`
 * gets what `more` holds. Escape takes the question back. What was done cannot be done again until the list is shown anew.
 */
export const actions = (of, choices) => {
  const row = make("div", { className: "row" });
  const ask = ({ text, question, sure, more = [], act }, opener) => {
    const back = () => {
      row.replaceChildren(...buttons);
      opener.focus();
    };
    const done = async () => {
      await act();
      row.replaceChildren();
    };
    const yes = button(sure, () => busy(yes, done), "danger");
    const box = make("div", { className: "confirm", role: "group", ariaLabel: `${text} ${of}` }, make("p", {}, question));
    box.append(...more, make("div", { className: "row" }, yes, button("Cancel", back)));
    box.onkeydown = (event) => {
      if (event.key === "Escape") {
        back();
      }
    };
    row.replaceChildren(box);
    yes.focus();
  };
  const buttons = choices.map((choice) => {
    const opener = button(choice.text, () => ask(choice, opener));
    opener.ariaLabel = `${choice.text} ${of}`;
    return opener;
  });
  row.append(...buttons);
  return row;
};

/** The column of a row's buttons: `of` names the row, `choices` gives what can be done with it. */
export const actionsColumn = (of, choices) => ({
  title: "Actions",
  hidden: true,
  show: (row) => {
    const there = choices(row);
    return there.length > 0 ? actions(of(row), there) : "";
  },
});
