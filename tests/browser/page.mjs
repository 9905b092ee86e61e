// What scenarios of the app's page have in common. The clock of the gateway stands still but for what they say.

/** Opens the app's page inside the stand-in's, and gives both and what a scenario does with them. */
export async function openPage(stage, args, options = {}) {
  const { page, frame } = await stage.openHost(args.standin, options);
  // A token of Jira that was spent within its second is refused; the page waits for the next one.
  page.on("response", (answer) => {
    if (answer.status() === 401 && answer.request().method() === "POST") {
      void advance(args, 1);
    }
  });
  await frame.locator("#content").waitFor();
  return { page, frame };
}

/** Moves the gateway's clock on. */
export async function advance({ clock }, seconds) {
  await fetch(`${clock}/advance/${seconds}`, { method: "POST" });
}

/** The status of an issue that is read with a key. */
export async function readWith({ app }, key) {
  const answer = await fetch(`${app}/v1/issue?site=https://acme.atlassian.net&issue=ACME-1`, {
    headers: { authorization: `Bearer ${key}` },
  });
  return answer.status;
}

/** Presses Tab until something has the focus; gives what had it on the way. */
export async function tabTo(stage, page, frame, wanted, key = "Tab") {
  const passed = [];
  for (let pressed = 0; pressed < 60; pressed += 1) {
    await stage.press(page, key);
    const focus = await stage.focused(frame);
    passed.push(focus);
    if (focus.startsWith(wanted)) {
      return passed;
    }
  }
  throw new Error(`the keyboard does not come to ${wanted}: ${passed.join(" | ")}`);
}

/** What the page says in its live region. */
export async function says(frame, text, region = "status") {
  try {
    await frame.locator(`#${region}`, { hasText: text }).waitFor();
  } catch (error) {
    const said = await frame.evaluate(() => ["alert", "status"].map((id) => document.getElementById(id).innerText).join(" / "));
    throw new Error(`it says: ${said}, not ${text}`, { cause: error });
  }
}

/** Fills the form and makes a key; gives its text. */
export async function makeKey(args, frame, fields) {
  await advance(args, 1);
  for (const [name, value] of Object.entries(fields)) {
    const field = frame.locator(`#create [name="${name}"]`);
    if (name === "days") {
      await field.selectOption(value);
    } else {
      await field.fill(value);
    }
  }
  await frame.getByRole("button", { name: "Make key" }).click();
  const made = frame.locator("#made-key");
  await made.or(frame.locator("#alert:not(:empty)")).first().waitFor();
  if (await made.isHidden()) {
    throw new Error(`no key is made: ${await frame.locator("#alert").innerText()}`);
  }
  const key = await made.inputValue();
  await frame.getByRole("button", { name: "Done" }).click();
  return key;
}

/** Opens the page as a person, with a token that nothing was spent on. */
export async function openAs(stage, args, person, window = {}) {
  await advance(args, 1);
  const opened = await openPage(stage, args, { person, ...window });
  await advance(args, 1);
  return opened;
}

/** Fills a form that gives a grant, and sends it: `give` is the own one, `site-give` the administrators'. */
export async function giveGrant(frame, place, fields) {
  const form = frame.locator(`#${place}-form`);
  if (!(await form.isVisible())) {
    await frame.locator("details", { has: form }).locator("summary").click();
  }
  for (const [name, value] of Object.entries(fields)) {
    await form.locator(`[name="${name}"]`).fill(value);
  }
  await form.getByRole("button", { name: "Give grant" }).click();
  await frame.locator("#status", { hasText: "may act as" }).or(frame.locator("#alert code")).first().waitFor();
}
