// The suite of logs in short: that every contender finds the same in the same lines, and that what is measured is what happened.

import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { UsageError } from "../options.ts";
import { corpus, SERVICES } from "./corpus.ts";
import { figureSpecs } from "./figures.ts";
import { parseOptions } from "./options.ts";
import type { Report } from "./suite.ts";

describe("the corpus", () => {
  test("is the same for the same seed, of about 225 bytes a line, a third of them with an id", () => {
    const lines = [...corpus({ seed: 1, lines: 5_000 })];
    expect([...corpus({ seed: 1, lines: 5_000 })].map(({ json }) => json)).toEqual(lines.map(({ json }) => json));
    const bytes = lines.reduce((sum, { json }) => sum + json.length + 1, 0) / lines.length;
    expect(bytes).toBeWithin(210, 250);
    const traced = lines.filter(({ traceId }) => traceId !== undefined);
    expect(traced.length / lines.length).toBeWithin(0.27, 0.33);
    expect(new Set(traced.map(({ traceId }) => traceId)).size).toBe(traced.length);
    expect(new Set(lines.map(({ service }) => service)).size).toBeWithin(SERVICES / 2, SERVICES + 1);
    expect(lines.every(({ timeMs }, i) => timeMs >= (lines[i - 1]?.timeMs ?? 0))).toBe(true);
  });
});

test("options are understood, or what is wrong with them is said", () => {
  expect(parseOptions(["--quick", "--only", "sluice"])).toMatchObject({
    quick: true,
    save: false,
    contenders: ["sluice"],
  });
  expect(parseOptions(["--megabytes", "10"]).scale.lines).toBe(44_400);
  expect(() => parseOptions(["--only", "loki"])).toThrow(UsageError);
});

test("the quick form measures everything of Sluice, of a packed file and of FTS5", () => {
  const args = ["logs", "--quick", "--json", "--only", "sluice,files,fts5"];
  const ran = Bun.spawnSync([process.execPath, join(import.meta.dir, "../main.ts"), ...args]);
  const { contenders } = JSON.parse(ran.stdout.toString()) as Report;
  for (const { error } of Object.values(contenders)) expect(error).toBeUndefined();
  expect(Object.keys(contenders.sluice?.figures ?? {}).toSorted()).toEqual(Object.keys(figureSpecs).toSorted());
  expect(Object.values(contenders.sluice?.figures ?? {}).every((value) => value > 0)).toBe(true);
  expect(contenders.files?.figures.ratio).toBeGreaterThan(4);
  expect(ran.exitCode).toBe(0);
}, 300_000);
