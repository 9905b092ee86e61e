// The page on Forge: it says who looks, makes a key that works, shows what is refused with its decision, and ends what it made.

import { openOnForge } from "../forge.mjs";
import { says } from "../page.mjs";

const readWith = async ({ app }, key) => {
  const answer = await fetch(`${app}/rest/api/3/issue/INITECH-1`, { headers: { authorization: `Bearer ${key}` } });
  return answer.status;
};

export default async function onForge(stage, args) {
  const { page, frame, calls, close } = await openOnForge(stage, args, { site: "initech", person: "ann" });
  try {
    await frame.locator("#content").waitFor();
    await frame.locator("#person", { hasText: "Ann" }).waitFor();
    stage.step("opened", {
      site: await frame.locator("#site").innerText(),
      account: await frame.locator("#own").innerText(),
      base: await frame.locator("#base-url").innerText(),
      leave: await frame.locator("#leave").isVisible(),
      rules: await stage.axe(frame),
    });
    await frame.locator('#create [name="name"]').fill("nightly");
    await frame.getByRole("button", { name: "Make key" }).click();
    const field = frame.locator("#made-key");
    await field.waitFor();
    const key = await field.inputValue();
    stage.step("made", { status: await readWith(args, key) });
    await stage.screenshot(page, "forge");
    await frame.getByRole("button", { name: "Done" }).click();
    await frame.getByRole("button", { name: "Revoke nightly" }).click();
    await stage.press(page, "Enter");
    await says(frame, "Revoked: nightly.");
    stage.step("revoked", { status: await readWith(args, key) });
    await frame.locator("#admin-open").click();
    await frame.getByText("do not administer this site").waitFor();
    stage.step("refused", { decision: await frame.locator("#alert code").count() });
    stage.step("calls", { calls });
  } finally {
    close();
  }
}
