// Client keys: how they are shown, rotated and revoked.

import { keys, makeKey, revokeKey } from "./api.js";
import { byId, code, make, moment } from "./elements.js";
import { end, list, refresh } from "./lists.js";
import { reveal } from "./made.js";
import { actionsColumn, table } from "./tables.js";

const OVERLAPS = [["86400", "1 day"], ["3600", "1 hour"], ["604800", "7 days"], ["0", "no time"]];

const limits = ({ actions: names, networks, sites, act_as: actAs, rate_per_minute: rate }) => {
  const told = [];
  if (names?.length) told.push(`actions ${names.join(", ")}`);
  if (networks?.length) told.push(`from ${networks.join(", ")}`);
  if (sites?.length) told.push(`on ${sites.join(", ")}`);
  if (actAs) told.push(`as ${actAs}`);
  if (rate) told.push(`${rate} a minute`);
  return told.join("; ") || "none";
};

const state = ({ state: name }) => make("span", { className: `tag ${name === "active" ? "active" : ""}` }, name);

const line = (...content) => make("span", { className: "line" }, ...content);

/** What people call it, and what records and commands do. Keys may share a name, above all one and its successor. */
const named = ({ id, name, replaces, replaced_by: successor }) => [
  make("span", { className: "name" }, name),
  line(code(id)),
  ...(replaces ? [line("replaces ", code(replaces))] : []),
  ...(successor ? [line("replaced by ", code(successor))] : []),
];

/** Keys that know their successors. */
export const linked = (keys) => {
  const successors = new Map(keys.map(({ id, replaces }) => [replaces, id]));
  return keys.map((key) => ({ ...key, replaced_by: successors.get(key.id) }));
};

export const keyColumns = [
  { title: "Name", show: named },
  { title: "State", show: state },
  { title: "Limits", show: limits },
  { title: "Made", show: (key) => moment(key.made_at) },
  { title: "Expires", show: (key) => moment(key.expires_at) },
  { title: "Last used", show: (key) => moment(key.last_used_at) },
];

const rotate = (key) => {
  const overlap = make("select", { ariaLabel: "How long both work" }, ...OVERLAPS.map(([value, text]) => make("option", { value }, text)));
  return {
    text: "Rotate",
    question: `A new key with the same limits takes the place of “${key.name}”. Both work for`,
    more: [overlap],
    sure: "Rotate key",
    act: async () => {
      const made = await makeKey({ replaces: key.id, overlap_s: Number(overlap.value) });
      reveal(made);
      await refresh("keys");
    },
  };
};

/** A choice that ends a key by `work`; `names` are the lists that it is in. */
export const revoke = (key, work, ...names) => ({
  text: "Revoke",
  question: `Programs that use “${key.name}” are refused at once.`,
  sure: "Revoke key",
  act: end(work, `Revoked: ${key.name}.`, ...names),
});

/** Whether there is something to revoke: a blocked key works again when the block is over. */
const isInForce = ({ state: name }) => name === "active" || name === "blocked";

export const keyActions = (choices) => actionsColumn(({ name }) => name, (key) => (isInForce(key) ? choices(key) : []));

list("keys", "keys-title", async () => {
  const { keys: all } = await keys();
  const own = keyActions((key) => [...(key.state === "active" ? [rotate(key)] : []), revoke(key, () => revokeKey(key.id), "keys", "site")]);
  byId("keys").replaceChildren(table("Your client keys", [...keyColumns, own], linked(all), "You have no keys."));
});
