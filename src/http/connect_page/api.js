// What the page asks of the gateway: every request that it makes is named here. How requests get there is a transport's business,
// which whoever puts the page together chooses once.

/**
 * @typedef {object} Transport
 * @property {string} base The gateway's address as programs write it, with a slash at its end.
 * @property {(method: string, path: string, body?: object) => Promise<Answer>} send Asks as the person who looks at the page.
 * @property {(path: string, body?: object) => Promise<Answer>} spend The same by POST, with a token that nobody has used before.
 * @property {() => void} forget Drops what it holds of a session.
 *
 * @typedef {{ status: number, told: object }} Answer What a gateway answered, with the JSON in it. A transport that gets none throws.
 */

/** An answer that is none of those that were asked for. */
export class Refused extends Error {
  constructor(status, { detail, decision_id: decision } = {}) {
    const told = status === 401 ? "The gateway does not accept Jira’s token. Open this page again from Jira." : detail;
    super(told || `The gateway answered ${status}.`);
    Object.assign(this, { status, decision });
  }
}

/** @type {Transport} */
let transport;

/** Every request goes this way from here on. */
export const through = (given) => {
  transport = given;
};

/** What an answer tells, if it is a good one. */
export const read = ({ status, told }) => {
  if (status < 200 || status > 299) {
    throw new Refused(status, told);
  }
  return told;
};

const ask = async (...request) => read(await transport.send(...request));

/** The base URL of an unmodified Jira client. */
export const clientBase = (site) => `${transport.base}sites/${site}`;

/** Who looks at the page, as Jira knows them. */
export const myself = () => ask("GET", "rest/api/3/myself");

export const keys = () => ask("GET", "v1/keys");
export const makeKey = async (wish) => read(await transport.spend("v1/keys", wish));
export const revokeKey = (id) => ask("DELETE", `v1/keys/${id}`);

export const sessions = () => ask("GET", "v1/sessions");
export const endSession = (id) => ask("DELETE", `v1/sessions/${id}`);
export const leave = async () => {
  await ask("DELETE", "v1/sessions/current");
  transport.forget();
};

/** For administrators of the site: `kind` is `keys`, `sessions`, `grants` or `blocks`. */
export const site = () => ask("GET", "v1/site");
export const block = (wish) => ask("POST", "v1/site/blocks", wish);
export const endOfSite = (kind, id) => ask("DELETE", `v1/site/${kind}/${id}`);
