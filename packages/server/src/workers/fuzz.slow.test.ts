// A hundred thousand mutated frames.
import { test } from "bun:test";
import { fuzz } from "./fuzz.suite.ts";

test(
  "a hundred thousand mutated frames crash nothing, grow nothing, and nobody else notices",
  () => fuzz({ frames: 100_000, seed: 2026 }),
  600_000,
);
