// The page as a whole: how it starts, and what is left when its session has ended.

import { clientBase, myself } from "./api.js";
import "./create.js";
import { button, byId, make } from "./elements.js";
import { showAll } from "./lists.js";
import { putAway } from "./made.js";
import { leave, whenEnded } from "./sessions.js";
import { closeSite } from "./site.js";
import { busy, complain, say } from "./speech.js";

/** A name is kinder than an id. It is asked of Jira as any issue is; where that is refused, the id stands alone. */
const greet = async () => {
  const { displayName } = await myself();
  byId("person").textContent = displayName;
};

const open = async () => {
  say(undefined, "Asking Jira who you are …");
  await showAll();
  say();
  byId("content").hidden = false;
  byId("leave").hidden = false;
  greet().catch(() => {});
};

/** What cannot be started can be started again: gives the button for it, which stands below what is said. */
const begin = async () => {
  try {
    await open();
    return undefined;
  } catch (error) {
    const again = startAgain();
    complain(error, undefined, again);
    return again;
  }
};

const startAgain = () => {
  const again = button("Start again", () => busy(again, async () => ((await begin()) ?? byId("keys-title")).focus()), "main");
  return again;
};

/** Without its session the page does nothing until the person says so. */
const close = () => {
  putAway();
  byId("content").hidden = true;
  byId("leave").hidden = true;
  closeSite();
  const again = startAgain();
  say(undefined, make("p", {}, "This session has ended."), again);
  again.focus();
};

/** Starts the page. What carries its requests must have been said before. */
export const start = () => {
  byId("base-url").textContent = clientBase(byId("site").textContent);
  byId("leave").onclick = (event) => void busy(event.currentTarget, leave);
  whenEnded(close);
  void begin();
};
