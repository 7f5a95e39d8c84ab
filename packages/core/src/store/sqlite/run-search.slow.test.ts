// Searching among a million runs: every kind of text is answered within a tenth of a second, also for those who see little.
import { beforeAll, afterAll, expect, test } from "bun:test";
import { join } from "node:path";
import { Ids } from "../../kernel/ids.ts";
import type { AccessFilter } from "../../kernel/run-store.ts";
import type { Store } from "../../kernel/store.ts";
import { SimulatedRandom } from "../../testing/simulated-random.ts";
import { start, value } from "../run-store.fixture.suite.ts";
import { openWriter, sqliteLimits } from "./database.ts";
import { openSqliteStore } from "./sqlite-run-store.ts";
import { unexpected, withFolders } from "./sqlite-store.fixture.suite.ts";

const runs = 1_000_000;
const workflows = Array.from({ length: 200 }, (_, i) => `${["billing", "shipping", "ci", "mail"][i % 4]}/flow-${i}`);
const limit = 5;
const barMs = 100;
const searchesOfAKind = 200;

const folders = withFolders();
let store: Store;
const ids: string[] = [];

beforeAll(async () => {
  const file = join(folders.next(), "state.db");
  fill(file);
  store = await openSqliteStore({ file, onFatal: unexpected });
}, 600_000);
afterAll(() => store.close());

function fill(file: string): void {
  const db = openWriter({ file, durability: "relaxed", limits: sqliteLimits });
  let now = start;
  const random = new SimulatedRandom(1);
  const made = new Ids({ now: () => now, after: () => () => undefined }, random);
  const input = value({ order: 4711, lines: Array.from({ length: 12 }, (_, i) => ({ sku: `sku-${i}`, count: i })) });
  const run =
    db.prepare(`INSERT INTO runs (id, workflow, version, status, ready, epoch, flags, priority, created_at, due_at,
    started_at, ended_at, by_kind, by_id, last_event, key, tags, input) VALUES (?, ?, 'v1', ?, 0, 1, 256, 0, ?, ?, ?, ?, 'user',
    'ada', 0, ?, ?, ?)`);
  const tag = db.prepare("INSERT INTO run_tags (tag, created_at, run) VALUES (?, ?, ?)");
  const event = db.prepare("INSERT INTO events (name, payload, at) VALUES (?, ?, ?)");
  const state = db.prepare("INSERT INTO state (scope, key, value, version) VALUES (?, ?, ?, 1)");
  for (let from = 0; from < runs; from += 50_000) {
    db.transaction(() => {
      for (let i = from; i < from + 50_000; i++) {
        now += 3;
        const id = made.run();
        const tags = ["eu", `customer-${(i * 7_919) % 60_000}`];
        const status = i % 50 === 0 ? "failed" : "completed";
        const key = i % 2 === 0 ? `order-${i}` : null;
        run.run(id, workflows[(i * 31) % 200]!, status, now, now, now, now + 2, key, JSON.stringify(tags), input);
        for (const each of tags) tag.run(each, now, id);
        if (i % 10 === 0) event.run(`order.event-${(i / 10) % 1_000}`, input, now);
        if (i % 10 === 1) state.run(i % 100 === 1 ? "workflow:ci/flow-2" : "global", `ci/${i}`, input);
        if (i % 5_000 === 0) ids.push(id);
      }
    })();
  }
  for (const statement of [run, tag, event, state]) statement.finalize();
  db.close();
}

/** Times of searches in milliseconds, in order. */
async function timesOf(search: (index: number) => Promise<unknown>): Promise<readonly number[]> {
  const times: number[] = [];
  for (let index = 0; index < searchesOfAKind; index++) {
    const before = performance.now();
    await search(index);
    times.push(performance.now() - before);
  }
  return times.toSorted((a, b) => a - b);
}

const one: AccessFilter = { workflows: ["ci/flow-2"] };
const many: AccessFilter = { workflows: ["billing/*", "*/flow-3"] };
const none: AccessFilter = { workflows: ["secret/*"] };
const texts: Readonly<Record<string, (index: number) => string>> = {
  "an id": (index) => ids[index % ids.length]!,
  "the beginning of an id": (index) => ids[index % ids.length]!.slice(0, 9 + (index % 6)),
  "the beginning of every id": () => "run_",
  "a key": (index) => `order-${index * 4_998}`,
  "the beginning of keys": (index) => `order-${index}`,
  "a tag of every run": () => "eu",
  "a tag": (index) => `customer-${index * 250}`,
  "the beginning of tags": (index) => `customer-${index % 10}`,
  "a letter": (index) => "abcdefghijklmnopqrstuvwxyz"[index % 26]!,
  nothing: (index) => `nothing-${index}`,
};

for (const [kind, textOf] of Object.entries(texts)) {
  test(`among ${runs} runs, by ${kind}`, async () => {
    for (const [who, access] of Object.entries({ everything: undefined, many, one, none })) {
      const times = await timesOf((index) => store.searchRuns({ text: textOf(index), limit, access }));
      report(`${kind}, seeing ${who}`, times);
    }
  });
}

test("names of events and keys of state", async () => {
  const now = start * 2;
  report("a piece of event names", await timesOf((index) => store.searchEventNames({ text: `event-${index}`, limit })));
  report(
    "the beginning of state keys",
    await timesOf((index) => store.searchStateKeys({ text: `ci/${index}`, limit, now })),
  );
  const hidden = { access: none, keys: ["prod/*"] };
  report(
    "state keys one may not see",
    await timesOf(() => store.searchStateKeys({ text: "ci/", limit, now, ...hidden })),
  );
});

test("all that one search of the console asks the store for, at once", async () => {
  for (const [kind, textOf] of Object.entries(texts)) {
    const times = await timesOf(async (index) => {
      const text = textOf(index);
      return Promise.all([
        store.searchRuns({ text, limit }),
        store.listRetentions(),
        store.listTokens({ kind: "approval", status: "open", limit: 1_000 }),
        store.searchEventNames({ text, limit }),
        store.searchStateKeys({ text, limit, now: start }),
      ]);
    });
    report(`everything by ${kind}`, times);
  }
});

test("how 500 runs stand", async () => {
  const some = Array.from({ length: 500 }, (_, i) => ids[i % ids.length]!);
  report("500 summaries", await timesOf(() => store.getRuns({ runs: some })));
});

function report(what: string, times: readonly number[]): void {
  const at = (part: number): number => times[Math.floor((times.length - 1) * part)] ?? 0;
  const figures = { what, p50Ms: round(at(0.5)), p99Ms: round(at(0.99)), maxMs: round(at(1)) };
  process.stdout.write(`${JSON.stringify(figures)}\n`);
  expect(figures.p99Ms).toBeLessThan(barMs);
}

function round(ms: number): number {
  return Math.round(ms * 100) / 100;
}
