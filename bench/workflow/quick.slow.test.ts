// The workflow benchmark from end to end in its quick form: every case of ours has its figures, however fast it is.
import { describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { metricNames, metrics } from "./metrics.ts";
import type { Report } from "./report.ts";

const mainFile = join(import.meta.dir, "../main.ts");

describe("npm run bench -- workflow", () => {
  test("--quick prints one line of JSON with a figure, its rounds and the bars", () => {
    const folder = mkdtempSync(join(tmpdir(), "sluice-bench-"));
    try {
      const args = ["workflow", "--quick", "--json", "--only", "sluice-embedded", "--cases", "steps3", "--rounds", "2"];
      const ran = Bun.spawnSync([process.execPath, mainFile, ...args, "--data", folder]);
      expect({ exitCode: ran.exitCode, stderr: ran.exitCode === 0 ? "" : ran.stderr.toString() }).toEqual({
        exitCode: 0,
        stderr: "",
      });
      const lines = ran.stdout.toString().trimEnd().split("\n");
      expect(lines).toHaveLength(1);
      const report = JSON.parse(lines[0] ?? "") as Report;
      const figure = report.contenders["sluice-embedded"]?.figures["steps3.p50Ms"];
      expect(figure?.rounds).toHaveLength(2);
      expect(figure?.median).toBeGreaterThan(0);
      expect(report.fsync.p50).toBeGreaterThan(0);
      expect(report.bars.find((bar) => bar.label === "3-step run p50 ms, embedded")?.measured).toBe(
        figure?.median ?? -1,
      );
      expect(Array.from(new Bun.Glob("**").scanSync({ cwd: folder, onlyFiles: false }))).toEqual([]);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }, 240_000);

  test("measures ours side by side, the order reversed in the second round, and prints tables and a line", () => {
    const folder = mkdtempSync(join(tmpdir(), "sluice-bench-"));
    try {
      const args = ["workflow", "--quick", "--only", "sluice", "--cases", "starts,steps3", "--rounds", "2"];
      const ran = Bun.spawnSync([process.execPath, mainFile, ...args, "--data", folder]);
      const said = ran.stderr.toString();
      expect({ exitCode: ran.exitCode, said }).toEqual({ exitCode: 0, said });
      expect(said.trimEnd().split("\n")).toEqual([
        "round 1: Sluice embedded: starts, steps3",
        "round 1: Sluice over HTTP: starts, steps3",
        "round 2: Sluice over HTTP: starts, steps3",
        "round 2: Sluice embedded: starts, steps3",
      ]);
      const text = ran.stdout.toString().trimEnd();
      expect(text).toMatch(/^fdatasync of a 4 KiB append: p50 [\d.,]+ ms, p99 [\d.,]+ ms/m);
      expect(text).toMatch(/^\| +\| Sluice embedded \| Sluice over HTTP \|$/m);
      for (const label of ["start of a run, p50 ms", "reading its status, p50 ms", "3-step run, one at a time, p95 ms"])
        expect(text).toMatch(new RegExp(String.raw`^\| ${label} +\| +[\d.,]+ \| +[\d.,]+ \|$`, "m"));
      expect(text.match(/durability "full"/g)?.length).toBeGreaterThanOrEqual(2);
      const report = JSON.parse(text.split("\n").at(-1) ?? "") as Report;
      expect(report).toMatchObject({ suite: "workflow", rounds: 2, cases: ["starts", "steps3"] });
      for (const outcome of Object.values(report.contenders)) expect(outcome.failures).toEqual([]);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }, 240_000);

  test("has a figure for every metric of every case", () => {
    const folder = mkdtempSync(join(tmpdir(), "sluice-bench-"));
    try {
      const args = ["workflow", "--quick", "--json", "--only", "sluice-embedded", "--idle-seconds", "0"];
      const ran = Bun.spawnSync([process.execPath, mainFile, ...args, "--data", folder]);
      expect({ exitCode: ran.exitCode, stderr: ran.exitCode === 0 ? "" : ran.stderr.toString() }).toEqual({
        exitCode: 0,
        stderr: "",
      });
      const { contenders: measured } = JSON.parse(ran.stdout.toString()) as Report;
      const { figures, failures, skipped } = measured["sluice-embedded"] ?? {};
      expect([failures, skipped]).toEqual([[], {}]);
      // Embedded, the worker is in the same process.
      const none = metricNames.filter((name) => !(name in (figures ?? {})));
      expect(none).toEqual(["memory.idleWorkerMb", "memory.loadWorkerMb"]);
      for (const [name, { median: figure }] of Object.entries(figures ?? {})) {
        expect([name, Number.isFinite(figure)]).toEqual([name, true]);
        // What is late by less than a clock can tell may be late by nothing.
        if (!name.includes("sleepMs")) expect([name, figure > 0]).toEqual([name, true]);
      }
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }, 240_000);

  test("weighs the server and its worker child apart, idle and under load", () => {
    const folder = mkdtempSync(join(tmpdir(), "sluice-bench-"));
    try {
      const args = [
        "workflow",
        "--quick",
        "--json",
        "--only",
        "sluice-http",
        "--cases",
        "memory",
        "--idle-seconds",
        "0",
      ];
      const ran = Bun.spawnSync([process.execPath, mainFile, ...args, "--data", folder]);
      const figures = (JSON.parse(ran.stdout.toString()) as Report).contenders["sluice-http"]?.figures ?? {};
      expect(Object.keys(figures)).toEqual(metricNames.filter((name) => metrics[name].case === "memory"));
      for (const [name, { median: mb }] of Object.entries(figures))
        expect([name, mb > 5 && mb < 1_000]).toEqual([name, true]);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }, 240_000);
});
