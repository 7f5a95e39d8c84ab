// How the suite of bundlers is called, and that each of them has its figures in the quick form.
import { expect, test } from "bun:test";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { UsageError } from "../options.ts";
import { parseOptions } from "./suite.ts";

test("the options of the suite", () => {
  expect(parseOptions(["--quick"])).toMatchObject({ quick: true, rounds: 1, json: false });
  expect(parseOptions([]).only).toEqual(["bun", "esbuild", "vite", "webpack"]);
  expect(parseOptions(["--only", "webpack,bun"]).only).toEqual(["bun", "webpack"]);
  for (const args of [["--only", "rollup"], ["--rounds", "0"], ["--fast"]])
    expect(() => parseOptions(args)).toThrow(UsageError);
});

test("--quick measures time and memory of each bundler, whose bundles do the same", () => {
  // Below this folder: the bundlers are found from there.
  const folder = mkdtempSync(join(import.meta.dir, "../.data-"));
  try {
    const command = [
      process.execPath,
      join(import.meta.dir, "../main.ts"),
      "bundlers",
      "--quick",
      "--json",
      "--data",
      folder,
    ];
    const ran = Bun.spawnSync(command);
    expect({ exitCode: ran.exitCode, stderr: ran.exitCode === 0 ? "" : ran.stderr.toString() }).toEqual({
      exitCode: 0,
      stderr: "",
    });
    const { medians } = JSON.parse(ran.stdout.toString());
    expect(Object.keys(medians)).toEqual(["bun-100", "esbuild-100", "vite-100", "webpack-100"]);
    for (const each of Object.values<Record<string, number>>(medians)) {
      expect(each).toEqual({
        build_ms: expect.any(Number),
        peak_memory_mb: expect.any(Number),
        cpu_percent: expect.any(Number),
        unchanged_ms: expect.any(Number),
        size_bytes: expect.any(Number),
      });
      expect(Math.min(...Object.values(each))).toBeGreaterThan(0);
    }
    expect(readdirSync(folder)).toEqual([]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}, 60_000);
