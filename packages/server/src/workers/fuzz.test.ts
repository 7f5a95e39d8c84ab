// A few thousand mutated frames; the slow tier has a hundred thousand.
import { test } from "bun:test";
import { fuzz } from "./fuzz.suite.ts";

test(
  "mutated frames crash nothing, grow nothing, and nobody else notices",
  () => fuzz({ frames: 4_000, seed: 7 }),
  60_000,
);
