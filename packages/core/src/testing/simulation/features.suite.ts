// What the random workflows of the simulation may contain.

/** Which kinds of node a seed draws from; a seed leaves some out so that the others meet more often. */
export type Feature =
  | "retries"
  | "failures"
  | "timeouts"
  | "undos"
  | "sleeps"
  | "waits"
  | "emits"
  | "state"
  | "locks"
  | "children"
  | "parallel"
  | "races"
  | "maps"
  | "approvals"
  | "tokens"
  | "patches"
  | "values"
  | "caches"
  | "continues";

export const features: readonly Feature[] = [
  "retries",
  "failures",
  "timeouts",
  "undos",
  "sleeps",
  "waits",
  "emits",
  "state",
  "locks",
  "children",
  "parallel",
  "races",
  "maps",
  "approvals",
  "tokens",
  "patches",
  "values",
  "caches",
  "continues",
];
