// An administrator keeps an account out of the site and lets it in again, by keyboard alone. `args` as in `page_keys`; `account` and
// `key`, somebody and a key of theirs; `own`, the administrator's account.

import { openPage, readWith, says, tabTo } from "../page.mjs";

export default async function block(stage, args) {
  const { page, frame } = await openPage(stage, args, { person: "carol" });
  await tabTo(stage, page, frame, "button Show them");
  await stage.press(page, "Enter");
  await frame.getByRole("form", { name: "Block an account" }).waitFor();
  stage.step("opened", { focus: await stage.focused(frame) });

  const refused = stage.expectConsole("403 (Forbidden)");
  await fill(stage, page, frame, args.own);
  await says(frame, "cannot block oneself", "alert");
  await refused;
  stage.step("oneself", { focus: await stage.focused(frame), kept: await frame.locator("#block-account").inputValue(), rules: await stage.axe(frame) });
  await fill(stage, page, frame, args.account, " a lost laptop ");
  await says(frame, `Blocked: ${args.account}.`);
  const row = frame.getByRole("table", { name: "Blocks of this site" }).locator("tbody tr");
  await row.waitFor();
  stage.step("blocked", {
    focus: await stage.focused(frame),
    cells: (await row.locator("th, td:not(.actions)").allInnerTexts()).filter((_, at) => at !== 1),
    form: await frame.locator("#block-account").inputValue(),
    status: await readWith(args, args.key),
    fits: await stage.fits(frame),
    rules: await stage.axe(frame),
  });
  await stage.screenshot(page, "page-block");

  await tabTo(stage, page, frame, `button Lift block of ${args.account}`);
  await stage.press(page, "Enter", "Enter");
  await says(frame, "The block is lifted.");
  await frame.getByText("Nobody is blocked.").waitFor();
  stage.step("lifted", { focus: await stage.focused(frame), status: await readWith(args, args.key) });
  await page.context().close();
}

/** Fills the form from where the focus is, and sends it. */
async function fill(stage, page, frame, account, reason = "") {
  if (!(await stage.focused(frame)).startsWith("input Account")) {
    await tabTo(stage, page, frame, "input Account");
  }
  await page.keyboard.type(account);
  await tabTo(stage, page, frame, "input Reason");
  await page.keyboard.type(reason);
  await stage.press(page, "Enter");
}
