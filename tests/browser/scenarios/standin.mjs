// The stand-in's page, its script and an app in its frame: the app gets the person's token, everybody else gets nothing.
// `args`: `standin`, its origin; `app`, the origin of the app that is installed on acme and shows what its script made of the token.

const claims = (token) => JSON.parse(Buffer.from(token.split(".")[1], "base64url"));

/** Asks for a token, while the app's own window, which is not the one around it, answers as the host would. */
const tokenIn = (frame) =>
  frame.evaluate(() => {
    const token = globalThis.AP.context.getToken();
    for (let id = 1; id <= 10; id += 1) {
      globalThis.postMessage({ id, value: "forged" }, "*");
    }
    return token;
  });

/** A page that keeps every message that it gets, around whatever `html` is. */
const listening = (html) => `<script>
  globalThis.got = [];
  addEventListener("message", (event) => got.push(event.data));
</script>${html}`;

export default async function standin(stage, args) {
  await theAppGetsTheToken(stage, args);
  await theFrameFollowsItsContent(stage, args);
  await strangersGetNothing(stage, args);
  await anotherWindowOfTheAppGetsNothing(stage, args);
  await anAppFramedElsewhereGetsNothing(stage, args);
  await withoutTheApp(stage, args);
}

async function theAppGetsTheToken(stage, { standin }) {
  for (const [person, colorScheme, width] of [["ann", "light", 1280], ["carol", "dark", 320]]) {
    const { page, frame } = await stage.openHost(standin, { person, colorScheme, width });
    const token = await tokenIn(frame);
    const byCallback = await frame.evaluate(() => new Promise((resolve) => globalThis.AP.context.getToken(resolve)));
    const location = await frame.evaluate(() => globalThis.AP.getLocation());
    stage.step("token", {
      person,
      claims: claims(token),
      byCallback: claims(byCallback).sub,
      location,
      rules: [await stage.axe(frame), await stage.axe(page)],
      fits: [await stage.fits(frame), await stage.fits(page)],
      background: await page.evaluate(() => getComputedStyle(document.querySelector("header")).backgroundColor),
    });
    await stage.screenshot(page, `standin-${colorScheme}-${width}`);
    await page.context().close();
  }
}

async function theFrameFollowsItsContent(stage, { standin }) {
  const { page, frame } = await stage.openHost(standin);
  await frame.evaluate(() => globalThis.AP.resize("100%", "345px"));
  await stage.hostSays(page, "answered: resize");
  const { height } = await page.locator("#app").boundingBox();
  stage.step("resize", { height });
  await stage.press(page, "Tab", "Tab", "Tab", "Tab");
  stage.step("focus", { focus: await stage.focused(frame) });
  await page.context().close();
}

/** A page that frames the stand-in's, or is opened in place of the app's, asks in the words of the script. */
async function strangersGetNothing(stage, { standin }) {
  const around = listening(`<iframe id="host" src="${standin}/sites/acme/page?as=ann"></iframe>`);
  const stranger = await stage.serve(around, "localhost");
  const page = await stage.open(stranger);
  const host = await (await page.waitForSelector("#host")).contentFrame();
  await page.evaluate(() => frames[0].postMessage({ call: "token", id: 1 }, "*"));
  await stage.hostSays(host, `refused: a message from ${stranger}`);
  stage.step("around the host", { got: await page.evaluate(() => globalThis.got) });
  await page.context().close();

  // The frame's window stays the same when its content leaves for another origin.
  const { page: left } = await stage.openHost(standin);
  const elsewhere = await stage.serve(listening("<p>elsewhere"));
  await left.evaluate((url) => document.getElementById("app").contentWindow.location.replace(url), elsewhere);
  const frame = await (await left.waitForSelector("#app")).contentFrame();
  await frame.waitForURL(`${elsewhere}/`);
  await frame.evaluate(() => globalThis.parent.postMessage({ call: "token", id: 1 }, "*"));
  await stage.hostSays(left, `refused: a message from ${elsewhere}`);
  stage.step("in place of the app", { got: await frame.evaluate(() => globalThis.got) });
  await left.context().close();

  const away = await stage.open(await stage.serve("<p>", "localhost"));
  const blocked = stage.expectConsole("has been blocked by CORS policy");
  const failed = stage.expectConsole("Failed to load resource");
  const fetched = await away.evaluate(
    (url) => fetch(url).then((answer) => answer.text(), (error) => error.name),
    `${standin}/sites/acme/context-token?as=ann`,
  );
  await Promise.all([blocked, failed]);
  stage.step("fetched from afar", { fetched });
  await away.context().close();
}

/** Of the app's origin there may be other windows than the one that the stand-in opened as a person. */
async function anotherWindowOfTheAppGetsNothing(stage, { standin, app }) {
  const { page, frame } = await stage.openHost(standin);
  await frame.evaluate(() => void document.body.append(document.createElement("iframe")));
  const [within] = frame.childFrames();
  await within.evaluate(() => globalThis.top.postMessage({ call: "token", id: 1 }, "*"));
  await stage.hostSays(page, `refused: a message from ${app}`);
  stage.step("within the app");
  await page.context().close();
}

/** The script speaks only with a parent of the origin that it came from. */
async function anAppFramedElsewhereGetsNothing(stage, { app }) {
  const page = await stage.open(await stage.serve(listening(`<iframe id="app" src="${app}/connect/page"></iframe>`), "localhost"));
  const frame = await (await page.waitForSelector("#app")).contentFrame();
  await frame.waitForFunction(() => globalThis.AP !== undefined);
  await frame.evaluate(() => {
    void globalThis.AP.context.getToken();
    // Messages between two windows keep their order: when this one is there, the question is not to come.
    globalThis.parent.postMessage("afterwards", "*");
  });
  await page.waitForFunction(() => globalThis.got.includes("afterwards"));
  stage.step("framed elsewhere", { got: await page.evaluate(() => globalThis.got) });
  await page.context().close();
  const top = await stage.open(`${app}/connect/page`);
  stage.step("not framed", { error: await top.evaluate(() => globalThis.AP.context.getToken().catch((error) => error.message)) });
  await top.context().close();
}

/** The stand-in's page says so where the app is not. */
async function withoutTheApp(stage, { standin }) {
  const page = await stage.open(`${standin}/sites/globex/page`);
  stage.step("not installed", { text: await page.locator("main").innerText() });
  await page.context().close();
}
