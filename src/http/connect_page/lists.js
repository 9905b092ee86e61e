// The lists of the page, by name: how each is shown anew, and where it is told what became of a thing in it. What was done is told
// before anything is asked for again: an answer that fails must not take it away, least of all a key that is shown once.

import { button, byId } from "./elements.js";
import { busy, say, settle, warn } from "./speech.js";

const lists = new Map();

/** A list below the heading with this id. `show` asks for it and shows it. */
export const list = (name, heading, show) => lists.set(name, { heading: byId(heading), show });

const saidAt = ({ heading }) => heading.parentNode.querySelector(".said");

const show = (names) => Promise.all(names.map((name) => lists.get(name).show()));

export const showAll = () => show([...lists.keys()]);

/** Shows lists anew, and gives whether that was done. Where it fails they stay as they were, and say so below the first one's heading. */
export const refresh = async (...names) => {
  const first = lists.get(names[0]);
  try {
    await show(names);
    return true;
  } catch (error) {
    const again = button("Refresh", () => busy(again, () => tryAgain(names)));
    warn(saidAt(first), "The list could not be refreshed and may be old.", error, again);
    return false;
  }
};

const tryAgain = async (names) => {
  const { heading } = lists.get(names[0]);
  if (await refresh(...names)) {
    settle();
    heading.focus();
  } else {
    heading.parentNode.querySelector(".said button").focus();
  }
};

/** Ends something by `work` and tells it. Its row will be gone, so one goes on at the heading of its list, the first of `names`. */
export const end = (work, told, ...names) => async () => {
  await work();
  const { heading } = lists.get(names[0]);
  heading.focus();
  say(saidAt(lists.get(names[0])), told);
  await refresh(...names);
};
