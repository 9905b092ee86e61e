// Forge's bridge. `build.mjs` bundles it into this file: a page on Forge loads what lies beside it and nothing else.

export { invokeRemote } from "@forge/bridge";
