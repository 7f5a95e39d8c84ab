import { expect, test } from "bun:test";
import fc from "fast-check";
import type { AccessFilter } from "../../kernel/run-store.ts";
import { MemoryRunStore } from "../memory/index.ts";
import { ada, start, value } from "../run-store.fixture.suite.ts";
import { searchEventNames, searchRuns, searchStateKeys } from "./run-search.ts";
import { Bench, newRun, withBench } from "./sqlite-store.fixture.suite.ts";

const bench = withBench();
const word = fc.string({ unit: fc.constantFrom("a", "b", "*", "%", "é", "Z"), minLength: 1, maxLength: 4 });
const runs = fc.array(
  fc.record({
    id: word,
    workflow: fc.constantFrom("order", "billing/a", "billing/b"),
    key: fc.option(word, { nil: undefined }),
    tags: fc.array(word, { maxLength: 3 }),
    sameTime: fc.boolean(),
  }),
  { maxLength: 12 },
);
const accesses: readonly (AccessFilter | undefined)[] = [undefined, { workflows: ["billing/*"] }, { workflows: [] }];

test("agrees with looking at every run", async () => {
  await fc.assert(
    fc.asyncProperty(runs, word, fc.integer({ min: 1, max: 4 }), async (made, text, limit) => {
      const on = new Bench();
      const memory = new MemoryRunStore();
      let now = start;
      for (const { id, workflow, key, tags, sameTime } of made) {
        now += sameTime ? 0 : 1;
        const run = newRun(id, {
          workflow,
          tags: [...new Set(tags)],
          createdAt: now,
          ...(key === undefined ? {} : { key }),
        });
        const { outcome } = await memory.createRun({ by: ada, run, now });
        if (outcome === "created") on.verb("createRun", { by: ada, run, now });
      }
      for (const access of accesses) {
        const asked = { text, limit, ...(access === undefined ? {} : { access }) };
        expect(searchRuns(on.db, asked)).toEqual(await memory.searchRuns(asked));
      }
      on.db.close();
    }),
    { numRuns: 150 },
  );
});

test("looks at a bounded number of runs for somebody who may see few", () => {
  const insert = bench.on.db.prepare(
    `INSERT INTO runs (id, workflow, version, status, ready, epoch, flags, priority, created_at, due_at, by_kind, by_id,
     last_event, input) VALUES (?, ?, 'v1', 'queued', 1, 0, 0, 0, ?, ?, 'user', 'ada', 0, ?)`,
  );
  const input = value(null);
  for (let i = 0; i < 3_000; i++) {
    insert.run(`run_${String(i).padStart(5, "0")}`, i === 0 ? "mine" : "theirs", start, start, input);
  }
  insert.finalize();
  const mine = { access: { workflows: ["mine"] }, limit: 5 };
  expect(searchRuns(bench.on.db, { text: "run_", ...mine })).toEqual({ hits: [], more: true });
  expect(searchRuns(bench.on.db, { text: "run_0000", ...mine })).toMatchObject({
    hits: [{ value: "run_00000" }],
    more: false,
  });
  expect(searchRuns(bench.on.db, { text: "run_00000", ...mine }).hits).toHaveLength(1);
  const everything = searchRuns(bench.on.db, { text: "run_", limit: 2 });
  expect(everything.hits.map(({ value: id }) => id)).toEqual(["run_02999", "run_02998"]);
});

test("names come by looks at indexes alone", () => {
  const { db } = bench.on;
  db.run("INSERT INTO events (name, payload, at) VALUES ('b', x'c0', 1), ('a', x'c0', 1), ('b', x'c0', 1)");
  db.run(
    "INSERT INTO state VALUES ('workflow:x', 'k', x'c0', 1, NULL), ('workflow:y', 'k', x'c0', 1, 5), ('run:z', 'k', x'c0', 1, NULL)",
  );
  expect(searchEventNames(db, { text: "", limit: 1 })).toEqual({ names: ["a"], more: true });
  expect(searchStateKeys(db, { text: "k", limit: 9, now: 5 })).toEqual({
    keys: [{ scope: "workflow:x", key: "k" }],
    more: false,
  });
  const plan = (sql: string): string =>
    db
      .query<{ detail: string }, []>(`EXPLAIN QUERY PLAN ${sql}`)
      .all()
      .map(({ detail }) => detail)
      .join("; ");
  for (const sql of [
    "SELECT id, key FROM runs INDEXED BY runs_by_key WHERE workflow = 'a' AND key IS NOT NULL AND key >= 'a' AND key < 'b' ORDER BY key LIMIT 1",
    "SELECT run FROM run_tags WHERE tag = 'a' ORDER BY created_at DESC, run DESC LIMIT 1",
    "SELECT name FROM events WHERE name > 'a' ORDER BY name LIMIT 1",
    "SELECT id, workflow FROM runs WHERE id >= 'a' AND id < 'b' ORDER BY id DESC LIMIT 1",
  ]) {
    expect([sql, plan(sql)]).toEqual([sql, expect.not.stringMatching(/SCAN|TEMP B-TREE/)]);
  }
});
