// The form that makes a key.

import { makeKey } from "./api.js";
import { byId } from "./elements.js";
import { refresh } from "./lists.js";
import { reveal } from "./made.js";
import { busy } from "./speech.js";

/** One address is a network, too. */
const network = (text) => (text.includes("/") ? text : `${text}/${text.includes(":") ? 128 : 32}`);
const words = (text) => text.split(/[\s,]+/).filter(Boolean);

const create = async (form) => {
  const given = Object.fromEntries(new FormData(form));
  const made = await makeKey({
    name: given.name,
    expires_in_days: Number(given.days),
    actions: words(given.actions),
    networks: words(given.networks).map(network),
    ...(given.act_as.trim() && { act_as: given.act_as.trim() }),
    ...(given.rate && { rate_per_minute: Number(given.rate) }),
  });
  reveal(made);
  form.reset();
  await refresh("keys");
};

byId("create").onsubmit = (event) => {
  event.preventDefault();
  const form = event.target;
  void busy(form.querySelector("[type=submit]"), () => create(form));
};
