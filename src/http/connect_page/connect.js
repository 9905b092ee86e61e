// The transport of the page that Connect shows. It asks Jira's script for tokens, exchanges one for a session that is kept here and
// nowhere else, and renews that once when it has ended.

import { read } from "./api.js";

const BASE = new URL("../", document.baseURI);
const NONCE = document.querySelector('meta[name="gatepost-page"]').content;
/** Jira's tokens are dated to the second: the next second has another one. */
const NEXT_TOKEN_MS = 1100;
const TOKEN_WAIT_MS = 10_000;

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

const request = async (method, path, authorization, body) => {
  let answer;
  try {
    answer = await fetch(new URL(path, BASE), {
      method,
      headers: { Authorization: authorization, "X-Gatepost-Page": NONCE, ...(body && { "Content-Type": "application/json" }) },
      body: body && JSON.stringify(body),
      cache: "no-store",
      // Otherwise a browser answers a 401 by asking for a password.
      credentials: "omit",
    });
  } catch {
    throw new Error("The gateway cannot be reached. Try again.");
  }
  const told = answer.status === 204 ? {} : await answer.json().catch(() => ({}));
  return { status: answer.status, told };
};

/** A token of Jira's for the person who looks at this page. */
const jiraToken = () =>
  new Promise((resolve, reject) => {
    if (globalThis.parent === globalThis || !globalThis.AP?.context) {
      reject(new Error("This page needs Jira around it. Open it from within Jira."));
      return;
    }
    setTimeout(() => reject(new Error("Jira gave no token. Open this page again from Jira.")), TOKEN_WAIT_MS);
    globalThis.AP.context.getToken(resolve)?.then(resolve, reject);
  });

/** Sends a request that a token of Jira is spent on. One that was spent within this second is asked for anew. */
const spend = async (path, body) => {
  const first = await request("POST", path, `JWT ${await jiraToken()}`, body);
  if (first.status !== 401) {
    return first;
  }
  await pause(NEXT_TOKEN_MS);
  return request("POST", path, `JWT ${await jiraToken()}`, body);
};

let session;
let opening;
const open = async () => {
  opening ??= spend("v1/sessions").then(read).finally(() => (opening = undefined));
  session = await opening;
};

const forget = () => {
  session = undefined;
};

/** Sends a request of the session; a session that has ended meanwhile is renewed once. */
const send = async (method, path, body) => {
  if (!session) {
    await open();
  }
  const used = session.token;
  const answer = await request(method, path, `Bearer ${used}`, body);
  if (answer.status !== 401) {
    return answer;
  }
  if (session?.token === used) {
    forget();
  }
  if (!session) {
    await open();
  }
  return request(method, path, `Bearer ${session.token}`, body);
};

export const connect = { base: BASE.href, send, spend, forget };
