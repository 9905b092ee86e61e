// A key by keyboard alone: made, copied, put away, used, revoked; and a session ended. `args`: `standin`, `app`, `clock`; `session`, one
// that a program opened for ann.

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
  stage.step("copied", { status: await frame.locator("#status").innerText(), pasted: (await pasted(page, frame)) === key });
  await copyByHand(stage, page, frame, key);
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

  const other = frame.locator("#sessions tr").filter({ hasNotText: "this one" }).getByRole("button");
  await tabTo(stage, page, frame, `button ${await other.getAttribute("aria-label")}`);
  await stage.press(page, "Enter", "Enter");
  await says(frame, "The session has ended.");
  stage.step("ended", { status: await readWith(args, args.session), focus: await stage.focused(frame) });
}

/** What a paste gives, in a field that is emptied again. */
async function pasted(page, frame) {
  const field = frame.locator("#create [name=name]");
  await field.focus();
  await page.keyboard.press("Control+V");
  const text = await field.inputValue();
  await field.fill("");
  return text;
}

/** In a browser that refuses to copy: the key is selected, the page says which keys to press, and those copy it. */
async function copyByHand(stage, page, frame, key) {
  await frame.evaluate(() => {
    document.execCommand = () => false;
    Object.defineProperty(navigator, "clipboard", { value: { writeText: () => Promise.reject(new Error("not allowed")) } });
  });
  await frame.locator("#create [name=name]").fill("something else");
  await frame.locator("#create [name=name]").press("Control+A");
  await page.keyboard.press("Control+C");
  await frame.locator("#create [name=name]").fill("");
  await frame.locator("#made-key").focus();
  await tabTo(stage, page, frame, "button Copy");
  await stage.press(page, "Enter");
  await says(frame, "Press Ctrl+C");
  await page.keyboard.press("Control+C");
  stage.step("by hand", { focus: await stage.focused(frame), pasted: (await pasted(page, frame)) === key });
  await frame.locator("#made-key").focus();
}
