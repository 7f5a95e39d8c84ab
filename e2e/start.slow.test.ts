// A server that comes back to a data folder full of runs is ready soon, and what waits in there goes on.
import { afterAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { NewRun, RunStore } from "@sluice/core";
import { dataFiles, openDataFolder, openSqliteStore } from "@sluice/core/store/sqlite";
import { encodeValue } from "@sluice/protocol";
import { aTurn, call, killAll, startServer, writeProject } from "./server-process.ts";
import type { ServerProcess } from "./server-process.ts";

const engineItself = { kind: "system", id: "engine" } as const;
const folder = mkdtempSync(join(tmpdir(), "sluice-start-"));
const project = join(folder, "project");
const data = join(folder, "data");

const finishedRuns = 100_000;
/** Of each kind: one half waits for an event of its own, the other half sleeps. */
const waitingRuns = 5_000;
/** As many of each kind were in memory when the process before was killed: they still name it as their owner. */
const ownedRuns = 500;
/** One sleeper in so many is due soon: the first of them before the server starts, the last when it is up. */
const dueEvery = 50;
const dueStepMs = 3;
const batchRuns = 2_000;
const starts = 5;
/** What is asked for; one start has to show it. The others may meet a machine that does something else for a moment. */
const readyMsMax = 1_000;
const disturbedMsMax = 3_000;
const dayMs = 86_400_000;

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The store under the server's data folder. Durability is not what is looked at here. */
async function withStore<T>(use: (store: RunStore) => Promise<T>): Promise<T> {
  const held = await openDataFolder({ folder: data });
  const store = await openSqliteStore({
    file: join(data, dataFiles.database),
    durability: "relaxed",
    onFatal: (error) => {
      throw error;
    },
  });
  try {
    return await use(store);
  } finally {
    await store.close();
    await held.release();
  }
}

/** Fills the folder as a server that was killed leaves it: runs whose first step is done, which then ended or wait. */
class Filler {
  readonly #store: RunStore;
  readonly #version: string;
  readonly #now = Date.now();
  readonly #value = encodeValue("first");

  constructor(store: RunStore, version: string) {
    this.#store = store;
    this.#version = version;
  }

  async finished(n: number): Promise<void> {
    const run = this.#run(`done-${n}`, "quick", n);
    await this.#begin(run);
    await this.#store.append({
      by: engineItself,
      run: run.id,
      epoch: 1,
      ops: [this.#step(), { op: "finish", status: "completed", output: this.#value }],
      now: this.#now,
    });
  }

  async listens(n: number): Promise<void> {
    const run = this.#run(`listens-${n}`, "listens", n);
    await this.#begin(run);
    const wait = { op: "event", seq: 1, name: "paid", n: 0, key: `order-${n}` } as const;
    const idle = { op: "idle", reason: "waiting_for_event", ord: 1 } as const;
    await this.#wait(run, [wait, idle], n >= ownedRuns);
  }

  async sleeps(n: number): Promise<void> {
    const run = this.#run(`sleeps-${n}`, "sleeps", n);
    await this.#begin(run);
    const due = this.#now + (n % dueEvery === 0 ? 1 + n * dueStepMs : 60 * dayMs);
    const wait = { op: "sleep", seq: 1, name: "nap", n: 0, until: due, due } as const;
    const idle = { op: "idle", reason: "sleeping", ord: 1 } as const;
    await this.#wait(run, [wait, idle], n >= ownedRuns);
  }

  async #begin(run: NewRun): Promise<void> {
    await this.#store.createRun({
      by: { kind: "user", id: "anonymous" },
      run,
      claim: { owner: "server-killed" },
      now: this.#now,
    });
  }

  async #wait(run: NewRun, ops: readonly StoreOp[], parked: boolean): Promise<void> {
    const now = this.#now;
    await this.#store.append({ by: engineItself, run: run.id, epoch: 1, ops: [this.#step()], now });
    await this.#store.append({ by: engineItself, run: run.id, epoch: 1, ops, now });
    if (parked) await this.#store.parkRun({ by: engineItself, run: run.id, epoch: 1, now });
  }

  #run(id: string, workflow: string, n: number): NewRun {
    return {
      id,
      workflow,
      version: this.#version,
      input: encodeValue({ n }),
      priority: 0,
      tags: [],
      createdAt: this.#now,
      dueAt: this.#now,
    };
  }

  #step() {
    const placed = { seq: 0, name: "first", n: 0, at: this.#now, attempt: 1 } as const;
    return { op: "done", kind: "step", ...placed, value: this.#value } as const;
  }
}

async function inBatches(count: number, make: (n: number) => Promise<void>): Promise<void> {
  for (let from = 0; from < count; from += batchRuns) {
    await Promise.all(Array.from({ length: Math.min(batchRuns, count - from) }, (_, n) => make(from + n)));
  }
}

async function fill(): Promise<void> {
  await withStore(async (store) => {
    const [deployed] = await store.listVersions();
    const filler = new Filler(store, deployed?.version ?? "");
    await inBatches(finishedRuns, (n) => filler.finished(n));
    await inBatches(waitingRuns, (n) => filler.listens(n));
    await inBatches(waitingRuns, (n) => filler.sleeps(n));
    expect(await store.stats()).toMatchObject({
      runs: { completed: finishedRuns, waiting: 2 * waitingRuns },
      timers: waitingRuns,
      ready: 0,
    });
  });
}

type StoreOp = Parameters<RunStore["append"]>[0]["ops"][number];

interface Shown {
  readonly run: { readonly status: string; readonly output: unknown; readonly version: string };
}

async function completed(server: ServerProcess, run: string): Promise<unknown> {
  for (;;) {
    const shown = await call<Shown>(server, `GET /api/v1/runs/${run}?wait=5s`);
    if (shown?.body.run.status === "completed") return shown.body.run.output;
    await aTurn();
  }
}

async function countOf(server: ServerProcess, status: string): Promise<number> {
  const report = await call<{ runs: Record<string, number> }>(server, "GET /metrics?format=json");
  return report?.body.runs[status] ?? 0;
}

describe("a data folder with 100,000 finished and 10,000 waiting runs", () => {
  test("is ready in a second, and timers and events reach the runs that wait", async () => {
    writeProject(project, {
      "workflows/all.ts": `
import { workflow } from "sluice";

export const quick = workflow({ name: "quick" }, async (ctx) => ctx.step("first", () => "first"));

export const listens = workflow({ name: "listens" }, async (ctx, input: { n: number }) => {
  const first = await ctx.step("first", () => "again");
  const paid = await ctx.waitFor("paid", { key: \`order-\${input.n}\` });
  return [first, paid, await ctx.step("last", () => input.n)];
});

export const sleeps = workflow({ name: "sleeps" }, async (ctx, input: { n: number }) => {
  const first = await ctx.step("first", () => "again");
  await ctx.sleep("nap", "60 days");
  return [first, await ctx.step("last", () => input.n)];
});
`,
    });
    await killAll(await startServer({ project, data }));
    await fill();
    const took: number[] = [];
    let server: ServerProcess | undefined;
    for (let start = 0; start < starts; start++) {
      if (server !== undefined) await killAll(server);
      const before = performance.now();
      server = await startServer({ project, data });
      expect((await call(server, "GET /ready"))?.status).toBe(200);
      took.push(performance.now() - before);
    }
    if (server === undefined) throw new Error("no server was started");
    console.log(`ready after ${took.map((ms) => Math.round(ms)).join(", ")} ms`);
    expect(Math.min(...took)).toBeLessThan(readyMsMax);
    expect(Math.max(...took)).toBeLessThan(disturbedMsMax);
    for (const n of [0, ownedRuns - 1, ownedRuns, waitingRuns - 1]) {
      await call(server, "POST /api/v1/events", { name: "paid", key: `order-${n}`, payload: { n } });
      expect(await completed(server, `listens-${n}`)).toEqual(["first", { n }, n]);
    }
    for (let n = 0; n < waitingRuns; n += dueEvery) {
      expect(await completed(server, `sleeps-${n}`)).toEqual(["first", n]);
    }
    expect(await countOf(server, "waiting")).toBe(2 * waitingRuns - 4 - waitingRuns / dueEvery);
    expect(await countOf(server, "completed")).toBe(finishedRuns + 4 + waitingRuns / dueEvery);
    await killAll(server);
  }, 300_000);
});
