// What time does to what the page made: an overlap ends, keys expire, sessions are idle or ended by hand. `args` as in `page_keys`.

import { advance, makeKey, openPage, readWith, says, tabTo } from "../page.mjs";

const HOUR_S = 3600;

export default async function time(stage, args) {
  const { page, frame } = await openPage(stage, args);
  const first = await makeKey(args, frame, { name: "ci", days: "7" });
  await advance(args, 1);
  await tabTo(stage, page, frame, "button Rotate ci");
  await stage.press(page, "Enter");
  await tabTo(stage, page, frame, "select How long both work", "Shift+Tab");
  await stage.press(page, "ArrowDown");
  const overlap = await frame.locator("select:focus option:checked").innerText();
  await tabTo(stage, page, frame, "button Rotate key");
  await stage.press(page, "Enter");
  const second = await frame.locator("#made-key").inputValue();
  stage.step("rotated", { overlap, focus: await stage.focused(frame) });
  await frame.getByRole("button", { name: "Done" }).click();
  stage.step("overlap", { first: await readWith(args, first), second: await readWith(args, second) });
  await advance(args, HOUR_S);
  stage.step("overlap over", { first: await readWith(args, first), second: await readWith(args, second) });

  // The session of the page has been idle for an hour: the next thing that is done renews it, and nobody notices.
  // Once the session is refused, and once the token that the key was made with.
  const idle = stage.expectConsole("401 (Unauthorized)", 2);
  const third = await makeKey(args, frame, { name: "spare", days: "30" });
  await idle;
  await frame.getByRole("button", { name: "Revoke spare" }).waitFor();
  stage.step("renewed", { third: await readWith(args, third) });
  await endAndStartAgain(stage, args, { page, frame });

  await advance(args, 7 * 24 * HOUR_S);
  stage.step("expired", { second: await readWith(args, second), third: await readWith(args, third) });
  // The session is refused, and so are two tokens that come with the nonce of a page that is too old.
  const tooOld = stage.expectConsole("401 (Unauthorized)", 3);
  await frame.getByRole("button", { name: "Revoke spare" }).click();
  await frame.getByRole("button", { name: "Revoke key" }).click();
  await says(frame, "Open this page again from Jira.", "alert");
  await tooOld;
  await page.context().close();

  const { page: anew, frame: fresh } = await openPage(stage, args);
  const rows = fresh.locator("#keys tbody tr");
  const told = (all) =>
    all.map(({ cells: [name, state] }) => [name.querySelector(".name").innerText, state.innerText, ...[...name.querySelectorAll(".line")].map((one) => one.innerText)]);
  stage.step("states", { states: await rows.evaluateAll(told) });
  await anew.context().close();
}

async function endAndStartAgain(stage, args, { page, frame }) {
  const used = await tokenOf(page, () => advance(args, 1).then(() => makeKey(args, frame, { name: "last", days: "7" })));
  await frame.getByRole("button", { name: "End this session" }).click();
  await says(frame, "This session has ended.");
  stage.step("ended", { status: await readWith(args, used), shown: await frame.locator("#content").isVisible(), focus: await stage.focused(frame) });
  await advance(args, 1);
  await stage.press(page, "Enter");
  await frame.locator("#content").waitFor();
  stage.step("again", { sessions: await frame.locator("#sessions tbody tr").count() });
}

/** The session that the page uses meanwhile, as nobody but the browser sees it. */
async function tokenOf(page, work) {
  const request = page.waitForRequest((one) => one.method() === "GET" && one.url().endsWith("/v1/keys"));
  await work();
  const { authorization } = await (await request).allHeaders();
  return authorization.replace("Bearer ", "");
}
