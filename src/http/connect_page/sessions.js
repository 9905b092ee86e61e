// Sessions: how they are shown and ended, and what happens to the page when its own is.

import { endSession, leave as endThis, sessions } from "./api.js";
import { byId, make, moment } from "./elements.js";
import { end, list } from "./lists.js";
import { actionsColumn, table } from "./tables.js";

const BROWSERS = [["Edg/", "Edge"], ["Firefox/", "Firefox"], ["Chrome/", "Chrome"], ["Safari/", "Safari"]];
const browser = (agent) => BROWSERS.find(([mark]) => agent?.includes(mark))?.[1] ?? agent ?? "unknown";

export const sessionColumns = [
  { title: "With", show: (one) => [browser(one.user_agent), ...(one.current ? [" ", make("span", { className: "tag active" }, "this one")] : [])] },
  { title: "Opened", show: (one) => moment(one.made_at) },
  { title: "Last used", show: (one) => moment(one.last_used_at) },
  { title: "Ends", show: (one) => moment(one.ends_at) },
];

let afterwards = () => {};

/** What is to be done when the session of this page was ended on it. */
export const whenEnded = (work) => {
  afterwards = work;
};

/** Ends the session of this page. */
export const leave = async () => {
  await endThis();
  afterwards();
};

/** Buttons of sessions that `work` ends; `names` are the lists that they are in. */
export const sessionActions = (work, ...names) =>
  actionsColumn(
    (one) => `session with ${browser(one.user_agent)} of ${one.account}`,
    (one) => [
      {
        text: "End",
        question: one.current ? "This page stops until you start it again." : "Whoever uses it is refused at once.",
        sure: "End session",
        act: one.current ? leave : end(() => work(one.id), "The session has ended.", ...names),
      },
    ],
  );

list("sessions", "sessions-title", async () => {
  const { sessions: all } = await sessions();
  const columns = [...sessionColumns, sessionActions(endSession, "sessions", "site")];
  byId("sessions").replaceChildren(table("Your sessions", columns, all, "You have no sessions."));
});
