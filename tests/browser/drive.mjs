// Plays one scenario in a real browser:  node tests/browser/drive.mjs NAME '{"standin": "http://127.0.0.1:9100"}'
// A scenario is `scenarios/NAME.mjs` and exports one function, `(stage, args)`. Each step is a JSON object on a line; the last line is
// {"done": true} or {"failed": why}, and the exit code says the same. Needs what `make need-browser` installs.

import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { Stage } from "./stage.mjs";

const BROWSER = "/usr/bin/chromium";
/** A scenario that hangs must end with its browser, not leave it behind. */
const TIME_LIMIT_MS = 60_000;
/** What goes out on its own has no place in a test. */
const QUIET = [
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, "../..");
const tools = createRequire(join(root, "target/tools/browser/package.json"));

/** A fresh profile in a folder that goes with the browser. The sandbox cannot be had as root. */
const launch = () =>
  tools("playwright-core").chromium.launch({
    executablePath: BROWSER,
    headless: true,
    chromiumSandbox: process.getuid() !== 0,
    args: QUIET,
  });

const play = async (name, args) => {
  const scenario = await import(`./scenarios/${name}.mjs`);
  const stage = new Stage(await launch(), tools, root);
  let late;
  const limit = new Promise((_, reject) => {
    late = setTimeout(() => reject(new Error(`the scenario is not over after ${TIME_LIMIT_MS} ms`)), TIME_LIMIT_MS);
  });
  try {
    await Promise.race([scenario.default(stage, args), limit]);
  } finally {
    clearTimeout(late);
    await stage.strike();
  }
  if (stage.complaints.length > 0) {
    throw new Error(`a console says:\n${stage.complaints.join("\n")}`);
  }
};

const tell = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);

const [name, args = "{}"] = process.argv.slice(2);
try {
  await play(name, JSON.parse(args));
  tell({ done: true });
} catch (error) {
  tell({ failed: error.stack });
  process.exitCode = 1;
}
