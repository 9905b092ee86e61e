// The page at every width and in both colours, with a key of each state: fits, has no fault that axe finds, and is looked at.
// `args`: `standin`, `app`, `clock`.

import { advance, makeKey, openPage } from "../page.mjs";

const HOSTILE = '<img src=x onerror="document.title=1">';

export default async function looks(stage, args) {
  await fill(stage, args);
  const refused = stage.expectConsole("400 (Bad Request)", 4);
  for (const colorScheme of ["light", "dark"]) {
    for (const width of [320, 1280]) {
      await look(stage, args, { colorScheme, width });
    }
  }
  await refused;
}

async function fill(stage, args) {
  const { page, frame } = await openPage(stage, args);
  await makeKey(args, frame, { name: "nightly report", days: "365" });
  await frame.locator("summary").click();
  await makeKey(args, frame, { name: HOSTILE, days: "7", actions: "read, getIssue", networks: "192.0.2.0/24 2001:db8::/32", rate: "60" });
  await makeKey(args, frame, { name: "old", days: "7" });
  await frame.getByRole("button", { name: "Revoke old" }).click();
  await frame.getByRole("button", { name: "Revoke key" }).click();
  await frame.locator("#status", { hasText: "Revoked: old." }).waitFor();
  const shown = await frame.getByRole("rowheader", { name: HOSTILE }).locator(".name").innerText();
  stage.step("hostile", { shown, title: await frame.title(), images: await frame.locator("img").count() });
  await page.context().close();
}

async function look(stage, args, { colorScheme, width }) {
  await advance(args, 1);
  const { page, frame } = await openPage(stage, args, { colorScheme, width });
  const name = `page-${colorScheme}-${width}`;
  stage.step("plain", { name, fits: await stage.fits(frame), rules: await stage.axe(frame) });
  await stage.screenshot(page, name);

  await advance(args, 1);
  await frame.locator("summary").click();
  await frame.getByRole("button", { name: "Rotate nightly report" }).click();
  await frame.getByLabel("How long both work").selectOption("0");
  await frame.getByRole("button", { name: "Rotate key" }).click();
  await frame.locator("#made-key").waitFor();
  await frame.getByRole("button", { name: /^Revoke <img/ }).click();
  await frame.locator("#create [name=name]").fill("a");
  await frame.locator("#create [name=actions]").fill("fly");
  await frame.getByRole("button", { name: "Make key" }).click();
  await frame.locator("#alert code").waitFor();
  stage.step("full", { name, fits: await stage.fits(frame), rules: await stage.axe(frame), alert: await frame.locator("#alert").innerText() });
  await stage.screenshot(page, `${name}-full`);
  await page.context().close();
}
