// The golden vectors of the run messages.
import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { runMessageCodes } from "./run-message-codes.ts";
import { messageChecks } from "./vectors.suite.ts";

const file = JSON.parse(readFileSync(join(import.meta.dir, "../vectors/run-messages.json"), "utf8"));

describe("run-messages.json", () => {
  for (const { name, run } of messageChecks(file)) test(name, run);

  test("has only types from 0x60 to 0x7f, which the page leaves to others", () => {
    for (const [name, code] of Object.entries(runMessageCodes)) {
      expect({ name, ours: code >= 0x60 && code <= 0x7f }).toEqual({ name, ours: true });
    }
    expect(new Set(Object.values(runMessageCodes)).size).toBe(Object.keys(runMessageCodes).length);
  });

  test("has every type", () => {
    const seen = new Set<number>(file.vectors.map((vector: { message: { type: number } }) => vector.message.type));
    expect([...seen].toSorted((a, b) => a - b)).toEqual(Object.values(runMessageCodes).toSorted((a, b) => a - b));
  });
});
