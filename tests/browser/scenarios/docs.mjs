// The description of the interface for people: looked at, and tried out. `args`: `app`, the gateway's origin; `colorScheme`
// and `width`: one at a time, for axe takes long over so large a page.

export default async function docs(stage, { app, colorScheme, width }) {
  const page = await stage.open("about:blank", { colorScheme, width });
  const elsewhere = [];
  page.on("request", (request) => {
    if (!request.url().startsWith(`${app}/`) && !request.url().startsWith("data:")) {
      elsewhere.push(request.url());
    }
  });
  await page.goto(`${app}/docs`);
  const whoami = page.locator("#operations-Access-whoami");
  await whoami.waitFor();
  stage.step("read", { fits: await stage.fits(page) });
  await stage.screenshot(page, `docs-${colorScheme}-${width}`);

  await page.getByRole("button", { name: "Authorize", exact: true }).first().click();
  await page.getByRole("button", { name: "Close" }).first().waitFor();
  stage.step("credentials", { fits: await stage.fits(page), rules: await stage.axe(page) });
  await page.getByRole("button", { name: "Close" }).first().click();

  const refused = stage.expectConsole("401 (Unauthorized)");
  await whoami.locator(".opblock-summary-control").click();
  await whoami.getByRole("button", { name: "Try it out" }).click();
  await whoami.getByRole("button", { name: "Execute" }).click();
  await refused;
  const answer = whoami.locator(".live-responses-table .microlight").first();
  await answer.waitFor();
  const told = await answer.innerText();
  stage.step("tried", { fits: await stage.fits(page), rules: await stage.axe(page), told, elsewhere });
  await page.context().close();
}
