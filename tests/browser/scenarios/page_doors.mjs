// Who gets the page and who does not. `args` as in `page_keys`.

import { advance, openPage, says } from "../page.mjs";

/** The address that Jira would open, with a token that nobody has used. */
async function fresh({ standin }, person = "ann") {
  const html = await (await fetch(`${standin}/sites/acme/page?as=${person}`)).text();
  return html.match(/ src="([^"]*jwt=[^"]*)"/)[1].replaceAll("&amp;", "&");
}

export default async function doors(stage, args) {
  await twice(stage, args);
  await framedByAStranger(stage, args);
  await outsideOfJira(stage, args);
  await withoutJirasScript(stage, args);
  await noAdministrator(stage, args);
}

/** The address is good once: inside Jira, a second time says so, and is legible. */
async function twice(stage, args) {
  const unauthorized = stage.expectConsole("401 (Unauthorized)");
  const { page, frame } = await openPage(stage, args, { width: 320, colorScheme: "dark" });
  await frame.goto(frame.url());
  await unauthorized;
  stage.step("twice", {
    title: await frame.locator("h1").innerText(),
    decision: await frame.locator("code").innerText(),
    fits: await stage.fits(frame),
    rules: await stage.axe(frame),
  });
  await stage.screenshot(page, "page-twice");
  await page.context().close();
}

async function framedByAStranger(stage, args) {
  const refused = stage.expectConsole("frame-ancestors");
  const page = await stage.open("about:blank");
  await page.goto(await stage.serve(`<iframe id="app" src="${(await fresh(args)).replaceAll("&", "&amp;")}"></iframe>`, "localhost"));
  await refused;
  const frame = await (await page.waitForSelector("#app")).contentFrame();
  stage.step("stranger", { url: frame.url(), ours: await frame.locator("#site").count() });
  await page.context().close();
}

async function outsideOfJira(stage, args) {
  const page = await stage.open(await fresh(args));
  await says(page, "Open it from within Jira.", "alert");
  stage.step("outside", { shown: await page.locator("#content").isVisible(), rules: await stage.axe(page) });
  await page.context().close();
}

async function withoutJirasScript(stage, args) {
  const failed = stage.expectConsole("ERR_FAILED");
  const page = await stage.open("about:blank");
  await page.route("**/connect/all.js", (route) => route.abort());
  await page.goto(`${args.standin}/sites/acme/page?as=bob`);
  const frame = await (await page.waitForSelector("#app")).contentFrame();
  await says(frame, "Open it from within Jira.", "alert");
  await failed;
  stage.step("without the script", { shown: await frame.locator("#content").isVisible() });
  await page.context().close();
}

async function noAdministrator(stage, args) {
  await advance(args, 1);
  const refused = stage.expectConsole("403 (Forbidden)");
  const { page, frame } = await openPage(stage, args, { person: "bob" });
  await frame.getByRole("button", { name: "Show them" }).click();
  await refused;
  await frame.locator("#admin").waitFor({ state: "hidden" });
  await frame.locator("#alert code").waitFor();
  stage.step("no administrator", { told: await frame.locator("#alert").innerText(), focus: await stage.focused(frame) });
  await page.context().close();
}
