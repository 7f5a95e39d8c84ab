// Checkpoints of runs that are over go, and no others.
import { expect, test } from "bun:test";
import { CheckpointKeeping, checkpointsKeptMs } from "./checkpoint-keeping.ts";
import type { CheckpointTable } from "./checkpoint-keeping.ts";

function desk(rows: ReadonlyMap<string, number>, over: readonly string[]) {
  const left = new Map(rows);
  const clock = { at: checkpointsKeptMs + 1_000, now: (): number => clock.at };
  const asked: string[][] = [];
  const past = {
    of: async (runs: readonly string[]) => {
      asked.push([...runs]);
      return new Set(runs.filter((run) => over.includes(run)));
    },
  };
  const table: CheckpointTable = {
    old: async ({ before, after, limit }) =>
      [...left]
        .map(([key, at]) => ({ key, at }))
        .filter(({ key, at }) => at < before && (at > after.at || (at === after.at && key > after.key)))
        .toSorted((a, b) => a.at - b.at || (a.key < b.key ? -1 : 1))
        .slice(0, limit),
    delete: async (keys) => {
      for (const key of keys) left.delete(key);
    },
  };
  const keeping = new CheckpointKeeping(past, clock);
  return { left, clock, asked, table, keeping };
}
const db = {};

test("rows of runs that are over go once they are old; those of others stay, however old they are", async () => {
  const rows = new Map([
    ["done:0", 0],
    ["done:3:1", 999],
    ["done:4", 1_000],
    ["failed:0", 0],
    ["elsewhere:0", 0],
  ]);
  const { left, asked, table, keeping } = desk(rows, ["done"]);
  expect(await keeping.used(db, table)).toBe(2);
  expect([...left.keys()]).toEqual(["done:4", "failed:0", "elsewhere:0"]);
  expect(asked).toEqual([["done", "elsewhere", "failed"]]);
});

test("a database is looked through once an hour, however many steps take place in it", async () => {
  const { clock, asked, table, keeping } = desk(new Map([["failed:0", 0]]), []);
  await keeping.used(db, table);
  clock.at += 3_599_999;
  await keeping.used(db, table);
  expect(asked).toHaveLength(1);
  await keeping.used({}, table);
  clock.at += 1;
  await keeping.used(db, table);
  expect(asked).toHaveLength(3);
});

test("many rows are looked through piece by piece", async () => {
  const rows = new Map(Array.from({ length: 450 }, (_, at) => [`r${String(at).padStart(3, "0")}:0`, 0] as const));
  const { left, asked, table, keeping } = desk(rows, ["r000", "r300", "r449"]);
  expect(await keeping.used(db, table)).toBe(3);
  expect(left.size).toBe(447);
  expect(asked.map((runs) => runs.length)).toEqual([200, 200, 50]);
});
