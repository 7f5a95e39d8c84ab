// Counts runs anew from their rows, to hold what was counted along the way against it. Started by itself it is a process that
// makes and ends runs until it is killed.
import { engineItself } from "../../../kernel/inner-actor.ts";
import { ada, engine, start, value } from "../../run-store.fixture.suite.ts";
import type { Connection } from "../connection.ts";
import { openSqliteStore } from "../sqlite-run-store.ts";
import { bucketOf } from "../../../kernel/duration-buckets.ts";
import { hourOf } from "../../../kernel/run-figures.ts";

interface Row {
  readonly workflow: string;
  readonly status: string;
  readonly ready: number;
  readonly createdAt: number;
  readonly endedAt: number | null;
}

const rowsSql = "SELECT workflow, status, ready, created_at AS createdAt, ended_at AS endedAt FROM runs";

/** What the tables of figures must have where no run was retried or deleted: texts with their counts. */
export function recount(db: Connection): { readonly stats: object; readonly counts: object } {
  const stats: Record<string, number> = {};
  const counts: Record<string, number> = {};
  const add = (to: Record<string, number>, ...key: readonly unknown[]): void => {
    to[key.join(" ")] = (to[key.join(" ")] ?? 0) + 1;
  };
  for (const { workflow, status, ready, createdAt, endedAt } of db.rows<Row>(rowsSql)) {
    add(stats, hourOf(createdAt), workflow, "created");
    if (endedAt !== null) {
      add(stats, hourOf(endedAt), workflow, status);
      add(stats, hourOf(endedAt), workflow, status, bucketOf(endedAt - createdAt));
    }
    add(counts, workflow, status);
    if (ready === 1) add(counts, workflow, "ready");
  }
  return { stats, counts };
}

/** The same as the tables of figures have it. */
export function counted(db: Connection): { readonly stats: object; readonly counts: object } {
  const stats: Record<string, number> = {};
  type Stat = { key: string; count: number; buckets: string };
  const statsSql = "SELECT hour || ' ' || workflow || ' ' || status AS key, count, buckets FROM run_stats";
  for (const { key, count, buckets } of db.rows<Stat>(statsSql)) {
    stats[key] = count;
    const list = JSON.parse(buckets) as readonly number[];
    for (let at = 0; at < list.length; at += 2) stats[`${key} ${list[at]}`] = list[at + 1] ?? 0;
  }
  const countsSql = "SELECT workflow || ' ' || status AS key, count FROM run_counts WHERE count <> 0";
  const counts = db.rows<{ key: string; count: number }>(countsSql).map(({ key, count }) => [key, count]);
  return { stats, counts: Object.fromEntries(counts) as object };
}

/** Makes and ends runs, many at once, and says so after each round. */
async function work(file: string): Promise<never> {
  const store = await openSqliteStore({
    file,
    onFatal: (error) => {
      throw error;
    },
  });
  for (let round = 0; ; round++) {
    const one = async (n: number): Promise<void> => {
      const now = start + round * 60_000;
      const id = `r${round}-${n}`;
      const run = { id, workflow: `w${n % 3}`, version: "v1", input: value(n), priority: 0, tags: [] };
      const claim = n % 4 === 0 ? {} : { claim: { owner: engine } };
      await store.createRun({ by: ada, run: { ...run, createdAt: now, dueAt: now }, ...claim, now });
      if (n % 4 === 0) return;
      const status = n % 5 === 0 ? "failed" : "completed";
      await store.append({ by: engineItself, run: id, epoch: 1, ops: [{ op: "finish", status }], now: now + n * 7 });
    };
    await Promise.all(Array.from({ length: 50 }, (_, n) => one(n)));
    console.log(round);
  }
}

if (import.meta.main) await work(process.argv[2] ?? "");
