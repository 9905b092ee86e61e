// What the page says, and what went wrong: two live regions that go where the person is looking. The frame is as high as the page, so
// there is no top that one always sees.

import { byId, code } from "./elements.js";

const ALERT = byId("alert");
const STATUS = byId("status");
const HEAD = document.querySelector("header");

const put = (region, near, ...content) => {
  if (region.parentNode !== near) {
    near.append(region);
  }
  region.replaceChildren(...content);
};

/** Says something, and leaves what went wrong. */
export const mention = (near = HEAD, ...content) => put(STATUS, near, ...content);

/** Says something, in place of all that was said. */
export const say = (near = HEAD, ...content) => {
  settle();
  mention(near, ...content);
};

const told = ({ message, decision }) => [message, ...(decision ? [" Decision ", code(decision)] : [])];

/** What went wrong, with the id by which an operator finds out why. */
export const complain = (error, near = HEAD, ...more) => {
  STATUS.replaceChildren();
  put(ALERT, near, ...told(error), ...more);
};

/** What went wrong after something was done: what was said of that stays. */
export const warn = (near, sentence, error, ...more) => put(ALERT, near, sentence, " ", ...told(error), " ", ...more);

/** Takes back what went wrong. */
export const settle = () => ALERT.replaceChildren();

/** Does something that a button stands for: once at a time, and with its faults told. */
export const busy = async (control, work) => {
  if (control.ariaDisabled === "true") {
    return;
  }
  control.ariaDisabled = "true";
  try {
    await work();
  } catch (error) {
    complain(error, control.closest("form, .confirm, .made, section") ?? HEAD);
  } finally {
    control.ariaDisabled = null;
  }
};
