// A stand-in of Forge's bridge, in the place that `docs/forge/build.mjs` gives it: it asks the page around this frame, which has the call
// made as Forge does. Of an answer the page in the frame gets the body of a good one, and nothing else.

export const invokeRemote = (input) =>
  new Promise((resolve, reject) => {
    const id = `${performance.now()} ${Math.random()}`;
    const heard = ({ data }) => {
      if (data.id === id) {
        globalThis.removeEventListener("message", heard);
        data.failed ? reject(new Error(data.failed)) : resolve(data.body);
      }
    };
    globalThis.addEventListener("message", heard);
    globalThis.parent.postMessage({ id, input }, "*");
  });
