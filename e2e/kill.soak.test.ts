import { test } from "bun:test";
import { killRounds } from "./kill-rounds.suite.ts";

const rounds = 100;

test.each(Array.from({ length: 20 }, (_, i) => [i + 1]))(
  "100 more rounds of SIGKILL under load lose nothing acknowledged and execute nothing twice: seed %d",
  async (seed) => {
    await killRounds(rounds, seed);
  },
  900_000,
);
