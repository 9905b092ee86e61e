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

/** Says something, in place of all that was said. */
export const say = (near = HEAD, ...content) => {
  ALERT.replaceChildren();
  put(STATUS, near, ...content);
};

/** What went wrong, with the id by which an operator finds out why. */
export const complain = (error, near = HEAD) => {
  STATUS.replaceChildren();
  put(ALERT, near, error.message, ...(error.decision ? [" Decision ", code(error.decision)] : []));
};

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
