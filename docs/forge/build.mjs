// Puts Gatepost's page together for Forge:  node build.mjs --base https://gatepost.example.com [--days 365] [--grant-days 90] [--bridge FILE] [--to static/build]
// It is the page that Connect shows, with another transport: style, script and markup are those of `src/http/connect_page`.
// `--bridge` takes a file in place of Forge's own bridge, which needs `npm install`; `--days` is `limits.key_lifetime_days_max`, `--grant-days` is
// `limits.grant_lifetime_days_max`.

import { copyFileSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const here = dirname(fileURLToPath(import.meta.url));
const shared = join(here, "../../src/http/connect_page");
/** What is Connect's alone. */
const REPLACED = ["page.js", "connect.js"];
const USUAL_DAYS = [7, 30, 90, 365];
const CHOSEN_DAYS = 90;

const { values } = parseArgs({
  options: { base: { type: "string" }, days: { type: "string", default: "365" }, "grant-days": { type: "string", default: "90" }, bridge: { type: "string" }, to: { type: "string" } },
});
const base = new URL(values.base ?? "?");
const to = values.to ?? join(here, "static/build");

/** Replaces what there must be exactly one of, or the template is another than this was written for. */
const put = (text, pattern, by) => {
  const found = text.match(new RegExp(pattern, "g")) ?? [];
  if (found.length !== 1) {
    throw new Error(`${found.length} places in page.html are ${pattern}`);
  }
  return text.replace(pattern, () => by);
};

const days = (max) => {
  const count = (number) => `${number} ${number === 1 ? "day" : "days"}`;
  const all = [...USUAL_DAYS.filter((usual) => usual < max), max];
  const chosen = (number) => (number === Math.min(CHOSEN_DAYS, max) ? " selected" : "");
  const options = all.map((number) => `<option value="${number}"${chosen(number)}>${count(number)}</option>`);
  return { options: options.join("\n"), longest: count(max) };
};

const page = () => {
  const { options, longest } = days(Number(values.days));
  let html = readFileSync(join(shared, "page.html"), "utf8");
  html = put(html, /<meta name="gatepost-page" content="[^"]*">/, `<meta name="gatepost-base" content="${base.href.replace(/\/?$/, "/")}">`);
  html = put(html, /<title>.*<\/title>/, "<title>Gatepost</title>");
  html = put(html, /<script src="{{ jira_script }}"[^>]*><\/script>\n/, "");
  html = put(html, /{% for script in scripts %}[\s\S]*?{% endfor %}/, "");
  html = put(html, /{% for life in lives %}[\s\S]*?{% endfor %}/, options);
  html = put(html, /{{ longest }}/, longest);
  html = put(html, /<dd id="site">{{ site }}<\/dd>/, '<dd id="site"></dd>');
  html = put(html, /<code id="own">{{ account }}<\/code>/, '<code id="own"></code>');
  html = put(html, /{{ grant_days_max }}/, String(Number(values["grant-days"])));
  html = put(html, /administrators of {{ site }}:/, "administrators of this site:");
  html = html.replaceAll("page/{{ edition }}/", "");
  if (/{{|{%/.test(html)) {
    throw new Error(`page.html has more to fill in: ${html.match(/({{|{%).*/)[0]}`);
  }
  return html;
};

const bridge = async () => {
  if (values.bridge) {
    copyFileSync(values.bridge, join(to, "bridge.js"));
    return;
  }
  const { build } = await import("esbuild");
  await build({ entryPoints: [join(here, "page/bridge.js")], outfile: join(to, "bridge.js"), bundle: true, format: "esm", minify: true });
};

rmSync(to, { recursive: true, force: true });
mkdirSync(to, { recursive: true });
for (const name of readdirSync(shared)) {
  if (/\.(js|css)$/.test(name) && !REPLACED.includes(name)) {
    copyFileSync(join(shared, name), join(to, name));
  }
}
for (const name of ["forge.js", "page.js"]) {
  copyFileSync(join(here, "page", name), join(to, name));
}
writeFileSync(join(to, "index.html"), page());
await bridge();
