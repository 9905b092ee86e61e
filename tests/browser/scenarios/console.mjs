// What the driver must notice: a page whose script is `args.script`, and in whose console nothing but `args.expected` may be said.

export default async function console_(stage, { script, expected }) {
  const said = expected === undefined ? Promise.resolve() : stage.expectConsole(expected);
  const page = await stage.open(await stage.serve(`<script>${script}</script>`));
  await said;
  // What was said on loading has been heard when the console gives back what is said now.
  const heard = page.waitForEvent("console", (message) => message.text() === "the end");
  await page.evaluate(() => globalThis.console.info("the end"));
  await heard;
}
