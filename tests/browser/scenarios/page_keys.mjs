// A key by keyboard alone: made, copied, put away, used, revoked. `args`: `standin`, `app`, `clock`.

import { advance, openPage, readWith, says, tabTo } from "../page.mjs";

export default async function keys(stage, args) {
  const { page, frame } = await openPage(stage, args);
  await advance(args, 1);
  const order = await tabTo(stage, page, frame, "input Name");
  stage.step("order", { order });
  await page.keyboard.type("nightly");
  await stage.press(page, "Enter");
  const field = frame.locator("#made-key");
  await field.waitFor();
  const key = await field.inputValue();
  stage.step("used", { status: await readWith(args, key) });
  stage.step("rules", { rules: await stage.axe(frame) });

  await tabTo(stage, page, frame, "button Copy");
  await stage.press(page, "Enter");
  await says(frame, "Copied.");
  stage.step("copied", { status: await frame.locator("#status").innerText() });
  await tabTo(stage, page, frame, "button Done");
  await stage.press(page, "Enter");
  await field.waitFor({ state: "detached" });
  const left = await frame.evaluate((text) => {
    const inputs = [...document.querySelectorAll("input")].map(({ value }) => value);
    return [document.documentElement.outerHTML, ...inputs].filter((place) => place.includes(text));
  }, key);
  stage.step("done", { left, focus: await stage.focused(frame) });

  await tabTo(stage, page, frame, "button Revoke nightly");
  await stage.press(page, "Enter");
  stage.step("asked", { focus: await stage.focused(frame), rules: await stage.axe(frame) });
  await stage.press(page, "Escape");
  stage.step("kept", { focus: await stage.focused(frame) });
  await stage.press(page, "Enter", "Enter");
  await says(frame, "Revoked: nightly.");
  stage.step("revoked", { status: await readWith(args, key), focus: await stage.focused(frame) });
}
