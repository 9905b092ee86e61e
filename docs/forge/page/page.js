// The page inside Jira as Forge shows it: its transport, and who is looking, which the gateway says.

import { through } from "./api.js";
import { byId } from "./elements.js";
import { forge } from "./forge.js";
import { start } from "./whole.js";

const transport = forge(document.querySelector('meta[name="gatepost-base"]').content);
through(transport);

const greet = async () => {
  const { status, told } = await transport.send("GET", "v1/whoami");
  if (status === 200) {
    byId("site").textContent = new URL(told.site).host;
    byId("own").textContent = told.account;
  }
};

// What is wrong the page itself says when it starts.
await greet().catch(() => {});
start();
