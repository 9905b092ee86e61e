// The transport of the page on Forge: every request is an invocation of the remote, for which Forge makes a token of its own. So there
// is no session to keep, and nothing in this page is a secret.

import { invokeRemote } from "./bridge.js";

/** The bridge hides the status of an answer and all of a refusal; the gateway puts both into the body for whoever says so. */
const WHOLE = { "X-Gatepost-Answer": "whole" };

const send = async (method, path, body) => {
  let answer;
  try {
    answer = await invokeRemote({ path: `/${path}`, method, headers: { ...WHOLE, ...(body && { "Content-Type": "application/json" }) }, body });
  } catch {
    throw new Error("The gateway cannot be reached through Forge. Try again.");
  }
  // The body alone, or beside its headers: bridges differ.
  const { status, told } = answer?.status && "told" in answer ? answer : (answer?.body ?? {});
  if (!status) {
    throw new Error("The gateway’s answer did not come through Forge. Try again.");
  }
  return { status, told: told ?? {} };
};

export const forge = (base) => ({ base, keepsSession: false, send, spend: (path, body) => send("POST", path, body), forget: () => {} });
