// The description of the interface for people: looked at, and tried out. `args`: `app`, the gateway's origin.

export default async function docs(stage, args) {
  for (const colorScheme of ["light", "dark"]) {
    for (const width of [320, 1280]) {
      await look(stage, args, { colorScheme, width });
    }
  }
}

async function look(stage, args, looks) {
  const page = await stage.open("about:blank", looks);
  const elsewhere = [];
  page.on("request", (request) => {
    if (!request.url().startsWith(`${args.app}/`) && !request.url().startsWith("data:")) {
      elsewhere.push(request.url());
    }
  });
  await page.goto(`${args.app}/docs`);
  const whoami = page.locator("#operations-Access-whoami");
  await whoami.waitFor();
  const name = `docs-${looks.colorScheme}-${looks.width}`;
  stage.step("read", { name, fits: await stage.fits(page), rules: await stage.axe(page) });
  await stage.screenshot(page, name);

  await page.getByRole("button", { name: "Authorize", exact: true }).first().click();
  await page.getByRole("button", { name: "Close" }).first().waitFor();
  stage.step("credentials", { name, fits: await stage.fits(page), rules: await stage.axe(page) });
  await page.getByRole("button", { name: "Close" }).first().click();

  const refused = stage.expectConsole("401 (Unauthorized)");
  await whoami.locator(".opblock-summary-control").click();
  await whoami.getByRole("button", { name: "Try it out" }).click();
  await whoami.getByRole("button", { name: "Execute" }).click();
  await refused;
  const answer = whoami.locator(".live-responses-table .microlight").first();
  await answer.waitFor();
  const told = await answer.innerText();
  stage.step("tried", { name, fits: await stage.fits(page), rules: await stage.axe(page), told, elsewhere });
  await stage.screenshot(page, `${name}-tried`);
  await page.context().close();
}
