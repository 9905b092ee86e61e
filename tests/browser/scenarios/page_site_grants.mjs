// Grants that an administrator gives for others, and how all of it looks at every width and in both colours. `args` as in `page_grants`.

import { advance, giveGrant, openAs, says } from "../page.mjs";

export default async function siteGrants(stage, args) {
  await administer(stage, args);
  for (const [colorScheme, width] of [["light", 1280], ["light", 320], ["dark", 1280], ["dark", 320]]) {
    await look(stage, args, { colorScheme, width });
  }
}

/** An administrator gives for others, and not for oneself. */
async function administer(stage, args) {
  const { page, frame } = await openAs(stage, args, "carol");
  await frame.getByRole("button", { name: "Show them" }).click();
  await frame.locator("details", { has: frame.locator("#site-give-form") }).waitFor();
  const carol = await frame.locator("#own").innerText();
  const refused = stage.expectConsole("403 (Forbidden)");
  await giveGrant(frame, "site-give", { account: carol, act_as: args.bob, reason: "curiosity" });
  await refused;
  const alert = await frame.locator("#alert").innerText();
  await advance(args, 1);
  await giveGrant(frame, "site-give", { account: args.ann, act_as: args.bob, reason: "<b>cover</b> for Bob" });
  await says(frame, `${args.ann} may act as ${args.bob}.`);
  const grants = frame.getByRole("table", { name: "Grants of this site" }).locator("tbody tr");
  await grants.first().waitFor();
  stage.step("administered", { alert, grants: await grants.allInnerTexts(), focus: await stage.focused(frame), rules: await stage.axe(frame) });
  await page.context().close();
}

/** As Bob, in whose name Carol gave; and as Carol, with the form for others. */
async function look(stage, args, { colorScheme, width }) {
  for (const person of ["bob", "carol"]) {
    const { page, frame } = await openAs(stage, args, person, { colorScheme, width });
    await frame.locator("summary", { hasText: "Let somebody act as you" }).click();
    if (person === "carol") {
      await frame.getByRole("button", { name: "Show them" }).click();
      await frame.locator("summary", { hasText: "Let an account act as another" }).click();
    } else {
      await frame.getByRole("button", { name: /^Revoke grant of/ }).click();
    }
    stage.step("look", { person, colorScheme, width, fits: await stage.fits(frame), rules: await stage.axe(frame) });
    await stage.screenshot(page, `page-grants-${person}-${colorScheme}-${width}`);
    await page.context().close();
  }
}
