// What a scenario plays on: pages of the stand-in and of strangers in one browser, the app's frame in them, keys, axe, screenshots,
// and a console in which nothing may be said that was not expected. Made by `drive.mjs`; scenarios get it as their argument.

import { mkdirSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";

/** How long a scenario may take to make a console say what is expected of it. */
const EXPECTED_MS = 30_000;

export class Stage {
  #browser;
  #tools;
  #root;
  #expected = [];
  #servers = [];
  /** What was said in a console and by nobody expected. */
  complaints = [];

  constructor(browser, tools, root) {
    this.#browser = browser;
    this.#tools = tools;
    this.#root = root;
  }

  /** Tells what was done, for whoever reads the log, and the test that checks `details`. One JSON object a line. */
  step(name, details = {}) {
    process.stdout.write(`${JSON.stringify({ step: name, ...details })}\n`);
  }

  /**
   * Opens an address in a window of its own, without cookies or storage of another one.
   * `colorScheme`: "light" or "dark"; `reducedMotion`, `locale` and whatever else Playwright's contexts take.
   */
  async open(url, { width = 1280, height = 800, colorScheme = "light", ...more } = {}) {
    const context = await this.#browser.newContext({ viewport: { width, height }, colorScheme, ...more });
    context.setDefaultTimeout(10_000);
    context.on("console", (message) => this.#heard(message.type(), message.text(), message.location().url));
    context.on("weberror", (thrown) => this.#heard("error", `${thrown.error()}`, thrown.page()?.url()));
    const page = await context.newPage();
    await page.goto(url);
    return page;
  }

  /**
   * Opens the stand-in's page of a site, as a person of it: a nickname (ann and bob are ordinary people on acme, carol administers it)
   * or an account id. Gives the page around and the app's frame in it, loaded.
   */
  async openHost(standin, { site = "acme", person = "ann", ...window } = {}) {
    const page = await this.open(`${standin}/sites/${site}/page?as=${encodeURIComponent(person)}`, window);
    const frame = await (await page.waitForSelector("#app")).contentFrame();
    await frame.waitForLoadState("load");
    return { page, frame };
  }

  /** Waits for a line in the stand-in's list of what came from the frame. */
  async hostSays(page, text) {
    await page.locator("#messages li", { hasText: text }).first().waitFor();
  }

  /** Presses keys one after the other: "Tab", "Shift+Tab", "Enter", "Escape", "a". */
  async press(page, ...keys) {
    for (const key of keys) {
      await page.keyboard.press(key);
    }
  }

  /** What has the focus in a frame, as a person would call it: role and name. */
  async focused(frame) {
    return frame.evaluate(() => {
      const { activeElement: element } = document;
      const label = element.labels?.[0]?.textContent ?? element.getAttribute("aria-label") ?? element.textContent;
      return `${element.tagName.toLowerCase()} ${label.trim()}`;
    });
  }

  /** Runs axe in a frame or page, not in the frames within it; any violation ends the scenario. Gives the number of rules that passed. */
  async axe(frame, options = {}) {
    await frame.evaluate(readFileSync(this.#tools.resolve("axe-core/axe.min.js"), "utf8"));
    const { violations, passes } = await frame.evaluate((given) => globalThis.axe.run(document, given), {
      iframes: false,
      ...options,
    });
    const told = violations.flatMap(({ id, help, nodes }) => nodes.map(({ target }) => `${id}: ${help}: ${target}`));
    if (told.length > 0) {
      throw new Error(`axe finds:\n${told.join("\n")}`);
    }
    return passes.length;
  }

  /** Whether everything in a frame fits its width: nothing to scroll sideways, no text cut off at 320 px. */
  async fits(frame) {
    return frame.evaluate(() => document.documentElement.scrollWidth <= document.documentElement.clientWidth);
  }

  /** Keeps a picture of the whole page as target/screenshots/NAME.png. */
  async screenshot(page, name) {
    const folder = join(this.#root, "target/screenshots");
    mkdirSync(folder, { recursive: true });
    await page.screenshot({ path: join(folder, `${name}.png`), fullPage: true });
  }

  /**
   * Says that a console will say this, a part of the text or an expression, so many times and not once more; gives a promise that it
   * was said so often. Without this every warning and error in any console ends the scenario.
   */
  expectConsole(pattern, times = 1) {
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(new Error(`no console said ${pattern} ${times} times`)), EXPECTED_MS);
      late.unref();
      const matches = (text) => (pattern instanceof RegExp ? pattern.test(text) : text.includes(pattern));
      this.#expected.push({ matches, left: times, said: (text) => (clearTimeout(late), resolve(text)) });
    });
  }

  /** A server of somebody else's, on a port of its own; gives its origin. `localhost` makes it another site, not only another origin. */
  async serve(html, name = "127.0.0.1") {
    const server = createServer((_, answer) => {
      answer.writeHead(200, { "content-type": "text/html; charset=utf-8" }).end(`<!doctype html><link rel="icon" href="data:,">${html}`);
    });
    this.#servers.push(server);
    await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
    return `http://${name}:${server.address().port}`;
  }

  /** Ends what the stage started. */
  async strike() {
    for (const server of this.#servers) {
      server.closeAllConnections();
      server.close();
    }
    await this.#browser.close();
  }

  #heard(kind, text, url = "") {
    if (kind !== "error" && kind !== "warning") {
      return;
    }
    const hit = this.#expected.find(({ matches, left }) => left > 0 && matches(text));
    if (hit === undefined) {
      this.complaints.push(`${kind} at ${url}: ${text}`);
      return;
    }
    hit.left -= 1;
    if (hit.left === 0) {
      hit.said(text);
    }
  }
}
