import { test } from "bun:test";
import { killRounds } from "./kill-rounds.suite.ts";

test("200 rounds of SIGKILL under load lose nothing acknowledged and execute nothing twice", async () => {
  await killRounds(200, 99);
}, 900_000);
