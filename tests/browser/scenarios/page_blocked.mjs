// Keys that the operator keeps out: whoever owns them, and whoever administers the site, can revoke them. `args` as in `page_keys`;
// `own` and `other`, two keys of ann's that are blocked.

import { openPage, says } from "../page.mjs";

export default async function blocked(stage, args) {
  const { page, frame } = await openPage(stage, args);
  await revoke(stage, frame, frame.locator("#keys"), args.own);
  await page.context().close();
  const { page: other, frame: admin } = await openPage(stage, args, { person: "carol" });
  await admin.getByRole("button", { name: "Show them" }).click();
  await revoke(stage, admin, admin.locator("#admin"), args.other);
  await other.context().close();
}

async function revoke(stage, frame, place, name) {
  const row = place.getByRole("row").filter({ has: frame.getByRole("button", { name: `Revoke ${name}` }) });
  const before = await row.locator(".tag").innerText();
  const choices = await row.getByRole("button").allInnerTexts();
  await row.getByRole("button", { name: `Revoke ${name}` }).click();
  await frame.getByRole("button", { name: "Revoke key" }).click();
  await says(frame, `Revoked: ${name}.`);
  await frame.getByRole("button", { name: "Revoke key" }).waitFor({ state: "detached" });
  const after = place.getByRole("row").filter({ has: frame.getByRole("rowheader", { name }) });
  stage.step("revoked", { before, choices, after: await after.locator(".tag").innerText() });
}
