// What a scenario of the page on Forge plays on: the page as `docs/forge/build.mjs` makes it, on an origin that may load nothing of others;
// around it Jira's page, whose server calls the gateway as Forge does. `args`: `standin`, `app`.

import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { dirname, extname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
/** As Forge's own: what lies beside the page, and no request to anywhere. */
const POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; frame-ancestors *";
const KINDS = { ".html": "text/html; charset=utf-8", ".js": "text/javascript", ".css": "text/css" };

const listen = async (answer) => {
  const server = createServer((request, response) => void answer(request, response));
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { server, port: server.address().port };
};

const build = (app) => {
  const to = mkdtempSync(join(tmpdir(), "gatepost-forge-"));
  const bridge = join(here, "bridge.mjs");
  execFileSync(process.execPath, [join(here, "../../docs/forge/build.mjs"), "--base", app, "--bridge", bridge, "--to", to]);
  const files = Object.fromEntries(readdirSync(to).map((name) => [`/${name}`, readFileSync(join(to, name))]));
  rmSync(to, { recursive: true });
  return files;
};

/** Calls the gateway as Forge does: with a token of its own, and the user's beside it. Forge hides what is not good JSON. */
const invoke = async ({ standin, app }, { site, person }, { path, method, headers, body }) => {
  const asked = await fetch(`${standin}/_standin/sites/${site}/forge-headers?account=${person}`);
  const lines = (await asked.text()).trim().split("\n");
  const answer = await fetch(`${app}${path}`, {
    method,
    headers: { ...headers, ...Object.fromEntries(lines.map((line) => line.split(": "))) },
    body: body && JSON.stringify(body),
  });
  if (!answer.ok || !answer.headers.get("content-type")?.startsWith("application/json")) {
    return { failed: `the remote answered ${answer.status}` };
  }
  return { body: { headers: {}, body: await answer.json() } };
};

const AROUND = (frame) => `<!doctype html><link rel="icon" href="data:,"><title>Jira</title>
<iframe id="app" src="${frame}" width="900" height="1200"></iframe>
<script>
  const frame = document.getElementById("app");
  addEventListener("message", async ({ source, data: { id, input } }) => {
    if (source === frame.contentWindow) {
      const answer = await fetch("/invoke", { method: "POST", body: JSON.stringify(input) });
      source.postMessage({ id, ...(await answer.json()) }, "*");
    }
  });
</script>`;

/** Opens the page on Forge, as a person of a site. Gives its frame, what it called, and the end of it all. */
export async function openOnForge(stage, args, who) {
  const files = build(args.app);
  const calls = [];
  const cdn = await listen((request, response) => {
    const name = request.url === "/" ? "/index.html" : request.url;
    const found = files[name];
    const headers = { "content-type": KINDS[extname(name)], "content-security-policy": POLICY };
    response.writeHead(found ? 200 : 404, found ? headers : {}).end(found);
  });
  const jira = await listen(async (request, response) => {
    if (request.url !== "/invoke") {
      response.writeHead(200, { "content-type": KINDS[".html"] }).end(AROUND(`http://127.0.0.1:${cdn.port}/`));
      return;
    }
    const parts = [];
    for await (const part of request) {
      parts.push(part);
    }
    const input = JSON.parse(Buffer.concat(parts));
    calls.push(`${input.method} ${input.path}`);
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(await invoke(args, who, input)));
  });
  const page = await stage.open(`http://localhost:${jira.port}/`);
  const frame = await (await page.waitForSelector("#app")).contentFrame();
  const close = () => [cdn, jira].forEach(({ server }) => (server.closeAllConnections(), server.close()));
  return { page, frame, calls, close };
}
