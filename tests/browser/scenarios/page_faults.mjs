// What the page does when an answer fails: what was done is told all the same, above all a key that is shown this once.
// `args`: `standin`, `app`, `clock`.

import { advance, makeKey, openPage, readWith, says } from "../page.mjs";

const LISTS = "**/v1/keys";

export default async function faults(stage, args) {
  const limited = stage.expectConsole("429 (Too Many Requests)", 2);
  const { page, frame } = await openPage(stage, args, { person: "carol" });
  await frame.getByRole("button", { name: "Show them" }).click();
  await frame.getByRole("table", { name: "Sessions of this site" }).waitFor();
  await whileJiraIsBusy(stage, args, frame);
  await limited;
  const failed = stage.expectConsole("502 (Bad Gateway)");
  await whileTheListFails(stage, args, { page, frame });
  await failed;
  await page.context().close();
  const refused = stage.expectConsole("503 (Service Unavailable)", 2);
  await whileNothingStarts(stage, args);
  await refused;
}

const alert = (frame) => frame.locator("#alert").innerText();

/** With the administrators' view open, whether Jira answers is no matter to a key of one's own. */
async function whileJiraIsBusy(stage, args, frame) {
  await fetch(`${args.standin}/_standin/faults?role=jira&fault=rate_limited&value=7`, { method: "POST" });
  const key = await makeKey(args, frame, { name: "mine", days: "7" });
  stage.step("busy", { alert: await alert(frame) });
  await frame.locator("#keys").getByRole("button", { name: "Revoke mine" }).click();
  await frame.getByRole("button", { name: "Revoke key" }).click();
  await says(frame, "could not be refreshed", "alert");
  await says(frame, "Revoked: mine.");
  stage.step("stale", { focus: await stage.focused(frame), rules: await stage.axe(frame), fits: await stage.fits(frame) });
  await frame.getByRole("button", { name: "Refresh" }).click();
  await frame.waitForFunction(() => document.activeElement.textContent === "Refresh" && !document.activeElement.ariaDisabled);
  await fetch(`${args.standin}/_standin/faults`, { method: "DELETE" });
  await frame.getByRole("button", { name: "Refresh" }).click();
  await frame.locator("#alert:empty").waitFor({ state: "attached" });
  stage.step("fresh", { status: await readWith(args, key), focus: await stage.focused(frame) });
}

/** The old key ends with the answer that holds the new one: were that not shown, there would be none. */
async function whileTheListFails(stage, args, { page, frame }) {
  const old = await makeKey(args, frame, { name: "ci", days: "7" });
  await advance(args, 1);
  await page.route(LISTS, (route) => (route.request().method() === "GET" ? route.fulfill({ status: 502, json: { detail: "Jira failed." } }) : route.fallback()));
  await frame.getByRole("button", { name: "Rotate ci" }).first().click();
  await frame.getByLabel("How long both work").selectOption("0");
  await frame.getByRole("button", { name: "Rotate key" }).click();
  const key = await frame.locator("#made-key").inputValue();
  await says(frame, "Jira failed.", "alert");
  stage.step("rotated", { old: await readWith(args, old), made: await readWith(args, key), shown: await frame.locator("#made-key").inputValue() === key });
  await stage.screenshot(page, "page-stale");
  await frame.getByRole("button", { name: "Done" }).click();
  await says(frame, "Jira failed.", "alert");
  await page.unroute(LISTS);
  await frame.getByRole("button", { name: "Refresh" }).click();
  await frame.locator("#alert:empty").waitFor({ state: "attached" });
  stage.step("listed", { left: await frame.getByRole("button", { name: "Rotate ci" }).count() });
}

/** A start that fails can be tried again, without opening the page anew from Jira. */
async function whileNothingStarts(stage, args) {
  await advance(args, 1);
  const page = await stage.open("about:blank", { width: 320, colorScheme: "dark" });
  await page.route("**/v1/sessions", (route) => route.fulfill({ status: 503, json: { detail: "No policy set is in force." } }));
  await page.goto(`${args.standin}/sites/acme/page?as=ann`);
  const frame = await (await page.waitForSelector("#app")).contentFrame();
  await says(frame, "No policy set is in force.", "alert");
  stage.step("not started", { shown: await frame.locator("#content").isVisible(), rules: await stage.axe(frame), fits: await stage.fits(frame) });
  await stage.screenshot(page, "page-not-started");
  await frame.getByRole("button", { name: "Start again" }).press("Enter");
  await frame.waitForFunction(() => document.activeElement.textContent === "Start again" && !document.activeElement.ariaDisabled);
  await page.unroute("**/v1/sessions");
  await stage.press(page, "Enter");
  await frame.locator("#content").waitFor();
  stage.step("started", { focus: await stage.focused(frame), alert: await alert(frame) });
  await page.context().close();
}
