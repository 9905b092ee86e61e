// The lists of the page, by name: how each is shown anew, and where it is told what became of a thing in it.

import { byId } from "./elements.js";
import { say } from "./speech.js";

const lists = new Map();

/** A list below the heading with this id. `show` asks for it and shows it. */
export const list = (name, heading, show) => lists.set(name, { heading: byId(heading), show });

export const showAll = () => Promise.all([...lists.values()].map(({ show }) => show()));

/** Says something below the heading of a list, and goes on there. */
export const sayAt = (name, told) => {
  const { heading } = lists.get(name);
  heading.focus();
  say(heading.parentNode.querySelector(".said"), told);
};

/** Ends something by `work` and tells it. Its row is gone, so one goes on at the heading of its list. */
export const end = (work, told, name) => async () => {
  await work();
  await showAll();
  sayAt(name, told);
};
