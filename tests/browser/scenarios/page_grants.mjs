// Grants on the page: given by keyboard alone, seen by both, used by a key, taken back, given up.
// `args` as in `page_keys`, and `ann` and `bob`, the ids of their accounts.

import { giveGrant, makeKey, openAs, readWith, says, tabTo } from "../page.mjs";

const rows = (frame, list) => frame.locator(`#${list} tbody tr`);

export default async function grants(stage, args) {
  const bob = await openAs(stage, args, "bob");
  await giveByKeyboard(stage, args, bob);
  const key = await makeKeyThatActs(stage, args);
  await takeBackByKeyboard(stage, args, bob, key);
  await bob.page.context().close();
  await giveUp(stage, args);
}

async function giveByKeyboard(stage, args, { page, frame }) {
  await tabTo(stage, page, frame, "summary Let somebody act as you");
  await stage.press(page, "Enter");
  const order = [];
  for (const text of [args.ann, "", "", "holidays"]) {
    await stage.press(page, "Tab");
    order.push(await stage.focused(frame));
    await page.keyboard.type(text);
  }
  await stage.press(page, "Enter");
  await says(frame, `${args.ann} may act as you.`);
  await rows(frame, "given").first().waitFor();
  const cells = await rows(frame, "given").first().locator("th, td").allInnerTexts();
  stage.step("given", { order, cells, focus: await stage.focused(frame), rules: await stage.axe(frame) });
}

/** Ann sees the grant, and makes a key for a program that acts as Bob. */
async function makeKeyThatActs(stage, args) {
  const { page, frame } = await openAs(stage, args, "ann");
  const held = await rows(frame, "held").allInnerTexts();
  await frame.locator("summary", { hasText: "Limits" }).click();
  const key = await makeKey(args, frame, { name: "as bob", days: "7", act_as: args.bob });
  const limits = await rows(frame, "keys").first().innerText();
  stage.step("key", { held, limits, status: await readWith(args, key) });
  await page.context().close();
  return key;
}

async function takeBackByKeyboard(stage, args, { page, frame }, key) {
  await frame.locator("#given-title").focus();
  await tabTo(stage, page, frame, `button Revoke grant of ${args.ann}`);
  await stage.press(page, "Enter");
  stage.step("asked", { focus: await stage.focused(frame), rules: await stage.axe(frame) });
  await stage.press(page, "Escape", "Enter", "Enter");
  await says(frame, "The grant has ended.");
  await frame.getByText("Nobody may act as you.").waitFor();
  stage.step("revoked", { status: await readWith(args, key), left: await rows(frame, "given").count(), focus: await stage.focused(frame) });
}

async function giveUp(stage, args) {
  const { page: bobs, frame: bob } = await openAs(stage, args, "bob");
  await giveGrant(bob, "give", { account: args.ann, actions: "getIssue", reason: "case 8" });
  await bobs.context().close();
  const { page, frame } = await openAs(stage, args, "ann");
  const key = rows(frame, "keys").first();
  const limits = await key.innerText();
  await frame.getByRole("button", { name: /^Give up acting as/ }).click();
  await frame.getByRole("button", { name: "Give it up" }).click();
  await says(frame, "The grant has ended.");
  await frame.getByText("You may act as nobody else.").waitFor();
  await key.filter({ hasText: "no grant" }).waitFor();
  const after = await key.innerText();
  stage.step("given up", { limits, after, left: await rows(frame, "held").count(), focus: await stage.focused(frame) });
  await page.context().close();
}
