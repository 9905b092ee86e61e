// What an administrator sees of the site and ends there, by keyboard alone. `args` as in `page_keys`, and `key`, a key of somebody else.

import { openPage, readWith, says, tabTo } from "../page.mjs";

const rowsOf = (frame, title) => frame.getByRole("table", { name: `${title} of this site` }).locator("tbody tr");

export default async function admin(stage, args) {
  for (const [colorScheme, width] of [["light", 1280], ["dark", 320]]) {
    const { page, frame } = await openPage(stage, args, { person: "carol", colorScheme, width });
    await frame.getByRole("button", { name: "Show them" }).click();
    const keys = rowsOf(frame, "Client keys");
    await keys.first().waitFor();
    stage.step("seen", { focus: await stage.focused(frame), fits: await stage.fits(frame), rules: await stage.axe(frame) });
    await stage.screenshot(page, `page-admin-${colorScheme}-${width}`);
    if (width === 1280) {
      await end(stage, args, { page, frame });
    }
    await page.context().close();
    await fetch(`${args.clock}/advance/1`, { method: "POST" });
  }
}

async function end(stage, args, { page, frame }) {
  const denials = rowsOf(frame, "Recent denials");
  stage.step("denials", { cells: await denials.evaluateAll((rows) => rows.map(({ cells }) => [...cells].slice(1).map((cell) => cell.innerText))) });
  const before = await readWith(args, args.key);
  await tabTo(stage, page, frame, "button Revoke nightly");
  await stage.press(page, "Enter", "Enter");
  await says(frame, "Revoked: nightly.");
  stage.step("key", { before, after: await readWith(args, args.key) });

  await tabTo(stage, page, frame, "button Revoke grant");
  await stage.press(page, "Enter", "Enter");
  await says(frame, "The grant is revoked.");
  await frame.getByText("Nobody may act as another.").waitFor();
  stage.step("grants", { left: await rowsOf(frame, "Grants").count() });

  const sessions = rowsOf(frame, "Sessions").filter({ hasText: args.account });
  const open = await sessions.count();
  await tabTo(stage, page, frame, `button ${await sessions.first().getByRole("button").getAttribute("aria-label")}`);
  await stage.press(page, "Enter", "Enter");
  await says(frame, "The session has ended.");
  await sessions.first().waitFor({ state: "detached" });
  stage.step("session", { open, left: await sessions.count(), status: await readWith(args, args.session) });
}
