// The stand-in's end of the channel between Jira and the app's page. It answers the page in its one frame, and nobody else:
// a token handed to another window is a login handed to whoever opened it. Loaded before the frame, so that no question is missed.
"use strict";

(() => {
  const HEIGHT_MAX = 20_000;

  const note = (text) => {
    const line = document.createElement("li");
    line.textContent = text;
    document.getElementById("messages")?.append(line);
  };

  const token = async (frame) => {
    const answer = await fetch(frame.dataset.tokens, { cache: "no-store" });
    if (!answer.ok) {
      throw new Error((await answer.text()).trim());
    }
    return answer.text();
  };

  const resize = (frame, height) => {
    if (height > 0) {
      frame.style.blockSize = `${Math.min(height, HEIGHT_MAX)}px`;
    }
  };

  const calls = new Map([
    ["token", (frame) => token(frame)],
    ["location", () => window.location.href],
    ["resize", (frame, { height }) => resize(frame, Number(height))],
  ]);

  /** Whether a message is from the page that this one embeds: that window, and still on the app's origin. */
  const isFromApp = (frame, event) =>
    frame !== null && event.source === frame.contentWindow && event.origin === new URL(frame.src).origin;

  window.addEventListener("message", async (event) => {
    const frame = document.getElementById("app");
    if (!isFromApp(frame, event)) {
      note(`refused: a message from ${event.origin}`);
      return;
    }
    const { call, id } = event.data ?? {};
    const answer = calls.get(call);
    if (answer === undefined) {
      note(`refused: a call that the stand-in does not know, from ${event.origin}`);
      return;
    }
    let reply;
    try {
      reply = { id, value: await answer(frame, event.data) };
    } catch (error) {
      reply = { id, error: error.message };
    }
    note(`${reply.error === undefined ? "answered" : "failed"}: ${call} for ${event.origin}`);
    event.source.postMessage(reply, event.origin);
  });
})();
