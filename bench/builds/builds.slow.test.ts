// How the suite of builds is called, and that each tool has its figures in the quick form. Installs the tools from npm.
import { expect, test } from "bun:test";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { UsageError } from "../options.ts";
import { parseOptions } from "./suite.ts";

test("the options of the suite", () => {
  expect(parseOptions(["--quick"])).toMatchObject({ quick: true, rounds: 1, json: false, large: false });
  expect(parseOptions(["--only", "turbo,sluice"]).only).toEqual(["sluice", "turbo"]);
  for (const args of [["--only", "make"], ["--rounds", "0"], ["--fast"]])
    expect(() => parseOptions(args)).toThrow(UsageError);
});

test("--quick measures each tool cold, with nothing to do, and with outputs to put back", () => {
  const folder = mkdtempSync(join(tmpdir(), "sluice-bench-test-"));
  try {
    const main = join(import.meta.dir, "../main.ts");
    const ran = Bun.spawnSync([process.execPath, main, "builds", "--quick", "--json", "--data", folder]);
    expect({
      exitCode: ran.exitCode,
      stderr: ran.exitCode === 0 ? "" : `${ran.stdout.toString()}${ran.stderr.toString()}`,
    }).toEqual({
      exitCode: 0,
      stderr: "",
    });
    const { medians } = JSON.parse(ran.stdout.toString()) as { readonly medians: Readonly<Record<string, object>> };
    expect(Object.keys(medians)).toEqual(["sluice", "turbo", "nx", "moon", "lage"]);
    for (const each of Object.values(medians))
      expect(each).toMatchObject({
        cold_ms: expect.any(Number),
        noop_ms: expect.any(Number),
        restore_ms: expect.any(Number),
      });
    expect(readdirSync(folder)).toEqual([]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}, 600_000);
