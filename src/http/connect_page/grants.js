// Grants: who may act as whoever looks at the page, as whom they may, and how each is ended.

import { endGrant, giveGrant, grants } from "./api.js";
import { byId, code, moment } from "./elements.js";
import { ACCOUNT, grantForm } from "./give.js";
import { end, list } from "./lists.js";
import { actionsColumn, table } from "./tables.js";

/** Asked when it is needed: on Forge it stands there only once the gateway has said who is looking. */
const own = () => `account:${byId("own").textContent}`;

const giver = ({ given_by: by }) => (by === own() ? "you" : code(by.replace("account:", "")));

export const holder = { title: "Account", show: (grant) => code(grant.account) };
export const actsAs = { title: "May act as", show: (grant) => code(grant.act_as) };

export const grantColumns = [
  { title: "For actions", show: (grant) => grant.actions.join(", ") },
  { title: "Until", show: (grant) => moment(grant.until, "no end") },
  { title: "Reason", show: (grant) => grant.reason },
  { title: "Given by", show: giver },
];

/** Buttons of grants that `work` ends; `names` are the lists that they are in. */
export const grantActions = (work, question, ...names) =>
  actionsColumn(
    (grant) => `grant of ${grant.account} to act as ${grant.act_as}`,
    (grant) => [
      { text: "Revoke", question: question(grant), sure: "Revoke grant", act: end(() => work(grant.id), "The grant has ended.", ...names) },
    ],
  );

const givingUp = actionsColumn(
  (grant) => `acting as ${grant.act_as}`,
  (grant) => [
    {
      text: "Give up",
      question: `You may no longer act as ${grant.act_as}.`,
      sure: "Give it up",
      act: end(() => endGrant(grant.id), "The grant has ended.", "held", "keys", "site"),
    },
  ],
);

/** Both lists come in one answer: shown together, they ask once. */
let asked;
const both = () => (asked ??= grants().finally(() => (asked = undefined)));

list("given", "given-title", async () => {
  const { given } = await both();
  const revoking = grantActions(endGrant, (grant) => `${grant.account} may no longer act as you.`, "given", "site");
  byId("given").replaceChildren(table("Who may act as you", [holder, ...grantColumns, revoking], given, "Nobody may act as you."));
});

list("held", "held-title", async () => {
  const { held } = await both();
  const columns = [{ ...actsAs, title: "Account" }, ...grantColumns, givingUp];
  byId("held").replaceChildren(table("You may act as", columns, held, "You may act as nobody else."));
});

byId("give").append(grantForm("give-form", [ACCOUNT], giveGrant, (grant) => `${grant.account} may act as you.`, "given", "site"));
