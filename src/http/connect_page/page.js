// The page inside Jira as Connect shows it: its transport, and a frame that is as high as it is told.

import { through } from "./api.js";
import { connect } from "./connect.js";
import { start } from "./whole.js";

/** Tells Jira how high the page is. */
const follow = () => {
  if (globalThis.parent === globalThis) {
    return;
  }
  let told = 0;
  new ResizeObserver(() => {
    const height = Math.ceil(document.documentElement.getBoundingClientRect().height);
    if (height !== told) {
      told = height;
      globalThis.AP?.resize?.("100%", `${height}px`);
    }
  }).observe(document.body);
};

through(connect);
follow();
start();
