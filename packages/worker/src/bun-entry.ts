// Where the program of a supervised worker lies: beside this file in the workspace, beside the bundle in an install.

/** URL of the program that the supervisor starts with Bun. */
export function bunWorkerEntry(): URL {
  return new URL(import.meta.url.endsWith(".ts") ? "./bun.ts" : "./bun.js", import.meta.url);
}
