// The golden vectors of the run messages.
import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { runMessageCodes } from "./run-messages.ts";
import { messageChecks } from "./vectors.suite.ts";

const file = JSON.parse(readFileSync(join(import.meta.dir, "../vectors/run-messages.json"), "utf8"));

describe("run-messages.json", () => {
  for (const { name, run } of messageChecks(file)) test(name, run);

  test("has every type", () => {
    const seen = new Set<number>(file.vectors.map((vector: { message: { type: number } }) => vector.message.type));
    expect([...seen].toSorted((a, b) => a - b)).toEqual(Object.values(runMessageCodes).toSorted((a, b) => a - b));
  });
});
