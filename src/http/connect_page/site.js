// What the site's administrators see. Asked for by hand: each time Jira is asked, and a refusal is on record.

import { endOfSite, site } from "./api.js";
import { blockForm } from "./block.js";
import { byId, code, make, moment } from "./elements.js";
import { keyActions, keyColumns, linked, revoke } from "./keys.js";
import { end, list } from "./lists.js";
import { sessionActions, sessionColumns } from "./sessions.js";
import { busy, complain } from "./speech.js";
import { actionsColumn, table } from "./tables.js";

const CONTENT = byId("admin-content");
const CLOSED = [...CONTENT.childNodes];
let isOpen = false;

const account = { title: "Account", show: (one) => code(one.account) };

const keys = {
  title: "Client keys",
  of: "keys",
  columns: [
    keyColumns[0],
    account,
    ...keyColumns.slice(1),
    keyActions((key) => [revoke(key, () => endOfSite("keys", key.id), "site", "keys")]),
  ],
  none: "No keys.",
};

const sessions = {
  title: "Sessions",
  of: "sessions",
  columns: [account, ...sessionColumns, sessionActions((id) => endOfSite("sessions", id), "site", "sessions")],
  none: "No sessions.",
};

const grants = {
  title: "Grants",
  of: "grants",
  columns: [
    account,
    { title: "May act as", show: (one) => code(one.act_as) },
    { title: "For actions", show: (one) => (one.actions?.length ? one.actions.join(", ") : "all") },
    { title: "Until", show: (one) => moment(one.until, "no end") },
    { title: "Given by", show: (one) => code(one.given_by) },
    actionsColumn(
      (grant) => `grant to act as ${grant.act_as}`,
      (grant) => [
        {
          text: "Revoke",
          question: `${grant.account} may no longer act as ${grant.act_as}.`,
          sure: "Revoke grant",
          act: end(() => endOfSite("grants", grant.id), "The grant is revoked.", "site"),
        },
      ],
    ),
  ],
  none: "Nobody may act as another.",
};

const lift = (block) => ({
  text: "Lift",
  question: `${block.account} may come in again.`,
  sure: "Lift block",
  act: end(() => endOfSite("blocks", block.id), "The block is lifted.", "site"),
});

const blocks = {
  title: "Blocks",
  of: "blocks",
  columns: [
    { title: "Whom", show: (one) => (one.account || one.key ? code(one.account ?? one.key) : "the whole site") },
    { title: "Until", show: (one) => moment(one.until, "no end") },
    { title: "Reason", show: (one) => one.reason ?? "" },
    { title: "By", show: (one) => code(one.made_by) },
    actionsColumn((block) => `block of ${block.account}`, (block) => (block.can_end ? [lift(block)] : [])),
  ],
  none: "Nobody is blocked.",
  below: blockForm(),
};

/** `client_key` in words, and the id that tells which. */
const credential = ({ credential: kind, credential_id: id }) => [(kind ?? "none").replaceAll("_", " "), ...(id ? [" ", code(id)] : [])];

const denials = {
  title: "Recent denials",
  of: "denials",
  columns: [
    { title: "When", show: (one) => moment(one.time) },
    account,
    { title: "Action", show: (one) => one.action ?? "" },
    { title: "What", show: (one) => one.resource?.id ?? one.site_asked ?? "" },
    { title: "With", show: credential },
    { title: "Why", show: (one) => one.reason ?? one.code ?? "" },
    { title: "Decision", show: (one) => code(one.decision_id) },
  ],
  none: "Nothing was denied.",
};

/** The parts, from above to below: `of` is the member of `/v1/site` that has the rows, `below` an element that stands there. */
const PARTS = [keys, sessions, grants, blocks, denials];

const show = async () => {
  const all = await site();
  all.keys = linked(all.keys ?? []);
  isOpen = true;
  const parts = PARTS.flatMap(({ title, of, columns, none, below }) => [
    make("h3", {}, title),
    table(`${title} of this site`, columns, all[of] ?? [], none),
    ...(below ? [below] : []),
  ]);
  CONTENT.replaceChildren(...parts);
};

const openSite = async () => {
  try {
    await show();
  } catch (error) {
    if (error.status !== 403) {
      throw error;
    }
    byId("admin").hidden = true;
    complain(error, byId("sessions").parentNode);
    byId("sessions-title").focus();
    return;
  }
  byId("admin-title").focus();
};

export const closeSite = () => {
  isOpen = false;
  CONTENT.replaceChildren(...CLOSED);
};

list("site", "admin-title", async () => {
  if (isOpen) {
    await show();
  }
});
byId("admin-open").onclick = (event) => void busy(event.currentTarget, openSite);
