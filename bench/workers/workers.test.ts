// How the suite of workers is called.
import { expect, test } from "bun:test";
import { UsageError } from "../options.ts";
import { parseOptions } from "./suite.ts";

test("the options of the suite", () => {
  expect(parseOptions(["--quick"])).toMatchObject({ quick: true, rounds: 1, json: false });
  expect(parseOptions([]).cases).toContain("reassign_ms");
  expect(parseOptions(["--cases", "idle_mb,trip_bun_ms"]).cases).toEqual(["trip_bun_ms", "idle_mb"]);
  for (const args of [["--cases", "speed"], ["--rounds", "0"], ["--fast"]])
    expect(() => parseOptions(args)).toThrow(UsageError);
});
