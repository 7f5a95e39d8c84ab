import { test } from "bun:test";
import { killRounds } from "./kill-rounds.suite.ts";

test("20 rounds of SIGKILL under load lose nothing acknowledged and execute nothing twice", async () => {
  await killRounds(20, 4_711);
}, 180_000);
