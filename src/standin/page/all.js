// What the stand-in serves in place of Jira's script: as much of `AP` as an app's page needs. It speaks only with the window around
// it, and only if that is of the origin that this script came from: a page that frames the app elsewhere gets nothing.
"use strict";

(() => {
  const host = new URL(document.currentScript.src).origin;
  const waiting = new Map();
  let asked = 0;

  const ask = (call, details) =>
    new Promise((resolve, reject) => {
      if (window.parent === window) {
        reject(new Error("this page is not in a frame"));
        return;
      }
      asked += 1;
      waiting.set(asked, { resolve, reject });
      window.parent.postMessage({ ...details, call, id: asked }, host);
    });

  window.addEventListener("message", (event) => {
    if (event.source !== window.parent || event.origin !== host) {
      return;
    }
    const { id, value, error } = event.data ?? {};
    const question = waiting.get(id);
    waiting.delete(id);
    if (error === undefined) {
      question?.resolve(value);
    } else {
      question?.reject(new Error(error));
    }
  });

  /** Jira's calls take a callback; without one, some give a promise. */
  const tell = (answer, callback) => {
    if (typeof callback !== "function") {
      return answer;
    }
    answer.then(callback, (error) => console.error(error.message));
    return undefined;
  };

  const contentHeight = () => Math.ceil(document.documentElement.getBoundingClientRect().height);

  window.AP = Object.freeze({
    context: Object.freeze({ getToken: (callback) => tell(ask("token"), callback) }),
    getLocation: (callback) => tell(ask("location"), callback),
    resize: (_width, height) => {
      ask("resize", { height: Number.parseInt(height ?? contentHeight(), 10) });
    },
    sizeToParent: () => {},
    theming: Object.freeze({ initializeTheming: () => {} }),
  });
})();
