// A kill keeps the page cache and so cannot show a missing sync: here the disk forgets what was not synced when the kill came.
import { afterAll, describe, expect, test } from "bun:test";
import { spawn, spawnSync } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildShim, shimEnv, undoUnsynced } from "./fsync-shim.ts";
import { acknowledged, readLedger, repeatedEffects } from "./ledger.ts";

const folder = mkdtempSync(join(tmpdir(), "sluice-durability-"));
const library = buildShim(folder);
const rounds = 6;
const child = join(import.meta.dir, "durability-child.ts");

afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Verdict {
  readonly started: number;
  readonly undone: number;
  readonly synced: number;
  /** Large values that were there after the plug was pulled. */
  readonly blobs: number;
  readonly lost: readonly string[];
  readonly repeated: readonly string[];
}

interface Round {
  readonly durability: "full" | "relaxed";
  /** So many starts are acknowledged before the plug is pulled. */
  readonly count: number;
  /** Size of each run's input and output. */
  readonly bytes?: number;
}

/** Works for a while, pulls the plug, looks at what is left. */
async function round(name: string, { durability, count, bytes = 0 }: Round): Promise<Verdict> {
  const data = join(folder, name, "data");
  const ledger = join(folder, `${name}.ledger`);
  const log = join(folder, `${name}.shim`);
  const env = { ...process.env, ...shimEnv({ library: library ?? "", root: join(folder, name), log }) };
  const worker = spawn(process.execPath, [child, "work", data, ledger, durability, String(bytes)], {
    env,
    stdio: ["ignore", "pipe", "inherit"],
  });
  await untilStarted(worker, ledger, count);
  worker.kill("SIGKILL");
  await new Promise((resolve) => worker.once("exit", resolve));
  const { undone, synced } = undoUnsynced(log);
  const blobs = [...new Bun.Glob("blobs/??/*").scanSync(data)].length;
  const before = readLedger(ledger);
  const checked = spawnSync(process.execPath, [child, "check", data, ledger, durability], { encoding: "utf8" });
  const found: unknown = checked.status === 0 ? JSON.parse(checked.stdout) : {};
  const lost = [...acknowledged(before)].filter((run) => (found as Record<string, string>)[run] !== "completed");
  return {
    started: acknowledged(before).size,
    undone,
    synced,
    blobs,
    lost,
    repeated: repeatedEffects(readLedger(ledger)),
  };
}

async function untilStarted(worker: ChildProcess, ledger: string, count: number): Promise<void> {
  while (acknowledged(readLedger(ledger)).size < count) {
    if (worker.exitCode !== null) throw new Error(`the worker ended by itself with ${worker.exitCode}`);
    await new Promise((resolve) => void setImmediate(resolve));
  }
}

describe.skipIf(library === undefined)(
  "a disk that forgets what was not synced (needs gcc on Linux: apt-get install gcc)",
  () => {
    test("nothing acknowledged is lost and no completed step is executed again", async () => {
      for (let i = 0; i < rounds; i++) {
        const verdict = await round(`full-${i}`, { durability: "full", count: 40 + i * 37 });
        expect(verdict.synced).toBeGreaterThan(0);
        expect(verdict.lost).toEqual([]);
        expect(verdict.repeated).toEqual([]);
      }
    }, 120_000);

    test("nor a value of more than 64 KB: its blob is synced before the row that names it", async () => {
      const verdict = await round("large", { durability: "full", count: 60, bytes: 70_000 });
      expect(verdict.blobs).toBeGreaterThanOrEqual(verdict.started);
      expect(verdict.lost).toEqual([]);
      expect(verdict.repeated).toEqual([]);
    }, 120_000);

    test("the check finds the losses of a store that does not sync before it acknowledges", async () => {
      const verdict = await round("relaxed", { durability: "relaxed", count: 200 });
      expect(verdict.undone).toBeGreaterThan(0);
      expect(verdict.lost.length + verdict.repeated.length).toBeGreaterThan(0);
    }, 120_000);
  },
);
