import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { batchOf, dayMs, entry, noonMs } from "./entries.fixture.suite.ts";
import { LogFolder } from "./folder.fixture.suite.ts";
import { headIds } from "./log-files.ts";
import type { LogFiles } from "./log-files.ts";
import type { StorageStep } from "./steps.ts";
import { work } from "./killed-child.suite.ts";

class Crash extends Error {}

/** Every step of one whole life of a folder, in order. */
function stepsOf(): StorageStep[] {
  using folder = new LogFolder();
  const seen: StorageStep[] = [];
  const files = folder.open({ step: (step) => void seen.push(step), keepDays: 30 });
  work(files, () => undefined);
  files.close();
  return seen;
}

/** Lives until its n-th step; answers with the lines that were acknowledged. */
function liveUntil(folder: LogFolder, stop: number): string[] {
  const acknowledged: string[] = [];
  let taken = 0;
  let files: LogFiles | undefined;
  try {
    const step = (): void => {
      if (taken++ === stop) throw new Crash();
    };
    files = folder.open({ step, keepDays: 30 });
    work(files, (lines) => void acknowledged.push(...lines));
  } catch (error) {
    if (!(error instanceof Crash)) throw error;
  }
  files?.close();
  return acknowledged;
}

/** Lines of the days that are kept, how often each is there. */
function linesOf(folder: LogFolder): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { line } of folder.all()) counts.set(line, (counts.get(line) ?? 0) + 1);
  return counts;
}

const isKept = (line: string): boolean => !line.startsWith("old");

describe("a crash at any step", () => {
  const steps = stepsOf();

  test("comes between all there are", () => {
    expect(new Set(steps).size).toBeGreaterThanOrEqual(10);
    expect(steps.length).toBeGreaterThan(20);
  });

  test.each(steps.map((step, index) => [index, step] as const))(
    "%i (%s) loses nothing that was acknowledged and doubles nothing, also after a second crash",
    (index) => {
      for (const second of [undefined, 1, 2]) {
        using folder = new LogFolder();
        const acknowledged = liveUntil(folder, index);
        if (second !== undefined) acknowledged.push(...liveUntil(folder, second));
        const files = folder.open({ keepDays: 30 });
        const before = linesOf(folder);
        expect(acknowledged.filter((line) => isKept(line) && before.get(line) === undefined)).toEqual([]);
        files.seal(noonMs);
        expect(linesOf(folder)).toEqual(new Map([...before].filter(([line]) => isKept(line))));
        files.close();
        const sent = second === undefined ? 1 : 2;
        expect([...before.values()].every((count) => count <= sent)).toBe(true);
      }
    },
  );
});

test("a process that is killed at any step loses nothing that it has acknowledged", async () => {
  const child = join(import.meta.dir, "killed-child.suite.ts");
  for (const index of [0, 1, 3, 4, 5, 6, 7, 8, 9, 10, 11, 14]) {
    using folder = new LogFolder();
    const killed = Bun.spawn([process.execPath, child, folder.path, String(index)], {
      stdout: "pipe",
      stderr: "inherit",
    });
    const said = await new Response(killed.stdout).text();
    await killed.exited;
    expect(killed.signalCode).toBe("SIGKILL");
    const files = folder.open({ keepDays: 30 });
    const acknowledged = said.split("\n").filter((line) => line !== "" && isKept(line));
    const found = linesOf(folder);
    expect(acknowledged.filter((line) => found.get(line) !== 1)).toEqual([]);
    files.close();
  }
}, 120_000);

test("a sealing that failed is taken back before the next one", () => {
  using folder = new LogFolder();
  let failing = true;
  const files = folder.open({
    step: (step) => {
      if (step === "truncate" && failing) throw new Crash();
    },
  });
  files.append([batchOf([entry({ line: "a" }), entry({ line: "late", timeMs: noonMs - 9 * dayMs })])], noonMs);
  expect(() => files.seal(noonMs)).toThrow(Crash);
  failing = false;
  files.append([batchOf([entry({ line: "b" })])], noonMs);
  expect(files.seal(noonMs)).toMatchObject({ entries: 3 });
  expect(files.seal(noonMs)).toBeUndefined();
  files.close();
  expect([...linesOf(folder)]).toEqual([
    ["a", 1],
    ["late", 1],
    ["b", 1],
  ]);
});

test("what is damaged in the head is told apart from damaged chunks", () => {
  expect(
    headIds([
      { file: "head", id: 3, why: "" },
      { file: "2026-01-01", id: 4, why: "" },
    ]),
  ).toEqual([3]);
});

test("below the disk's floor nothing is taken, and what is there stays readable", () => {
  using folder = new LogFolder();
  let files = folder.open();
  files.append([batchOf([entry({ line: "a" })])], noonMs);
  files.close();
  files = folder.open({ diskFreeBytesMin: Number.MAX_SAFE_INTEGER });
  const refused = expect(() => files.append([batchOf([entry({ line: "b" })])], noonMs));
  refused.toThrow(expect.objectContaining({ code: "disk_full" }) as Error);
  expect([...linesOf(folder).keys()]).toEqual(["a"]);
  files.close();
});
