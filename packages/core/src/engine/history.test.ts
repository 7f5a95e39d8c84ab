import { describe, expect, test } from "bun:test";
import { encodeValue, parseRunExport } from "@sluice/protocol";
import type { RunExport } from "@sluice/protocol";
import { workflow } from "@sluice/sdk";
import { unwrap } from "../kernel/result.ts";
import { EngineFixture } from "./engine-fixture.suite.ts";
import { MemoryBlobs } from "./memory-blobs.suite.ts";

const ada = { kind: "user", id: "ada" } as const;
const text = "long ".repeat(100);
const order = workflow(
  { name: "order", retry: { attempts: 2, delay: 1 } },
  async (ctx, input: { readonly n: number }) => {
    ctx.log("begins", { n: input.n });
    ctx.progress({ done: 0 });
    await ctx.step("reserve", () => new Map([["n", BigInt(input.n)]]), { undo: () => "released" });
    await ctx.step("large", () => text);
    if (input.n % 3 === 0) throw new RangeError(`no ${input.n}`);
    return { at: new Date(input.n) };
  },
);
const meter = workflow(
  { name: "meter", attributes: { day: "number", last: "boolean" } },
  async (ctx, input: { readonly day: number }): Promise<string> => {
    ctx.attributes.set({ day: input.day });
    ctx.stream({ day: input.day });
    await ctx.step("read", () => {
      ctx.stream(["read", input.day]);
      return input.day;
    });
    if (input.day < 3) return ctx.continueAs({ day: input.day + 1 });
    ctx.attributes.set({ last: true });
    return "over";
  },
);
const waits = workflow({ name: "waits" }, (ctx) => ctx.waitFor("go"));
const asks = workflow({ name: "asks" }, async (ctx) => {
  await ctx.step("reserve", () => 1);
  await ctx.approve("manager");
  return ctx.step("pay", () => 2);
});

const fixture = (): Promise<EngineFixture> =>
  EngineFixture.start({
    workflows: [order, waits, asks, meter],
    blobs: new MemoryBlobs(),
    limits: { inlineBytesMax: 100 },
  });

async function exported(from: EngineFixture, n: number): Promise<RunExport> {
  const started = unwrap(
    await from.engine.startRun({ by: ada, workflow: "order", input: encodeValue({ n }), key: `k${n}`, tags: ["t"] }),
  );
  return exportedOf(from, started.run.id);
}

async function exportedOf(from: EngineFixture, run: string): Promise<RunExport> {
  await from.engine.ended(run);
  // As a file: through JSON.
  return JSON.parse(JSON.stringify(unwrap(await from.engine.history.export({ run })))) as RunExport;
}

describe("history", () => {
  test("is the same when it is exported again: a thousand runs of all kinds", async () => {
    const from = await fixture();
    const to = await fixture();
    const files = await Promise.all(Array.from({ length: 1_000 }, (_, n) => exported(from, n)));
    for (const file of files) unwrap(await to.engine.history.import({ by: ada, file }));
    for (const file of files) {
      const again = unwrap(await to.engine.history.export({ run: file.run.id }));
      expect(JSON.parse(JSON.stringify(again))).toEqual(file);
    }
    expect(files[0]).toMatchObject({
      run: { status: "failed", key: "k0", tags: ["t"], progress: { json: { done: 0 } } },
      journal: [{ name: "reserve", undo: true }, { name: "large" }, { seq: -1, kind: "undo" }],
      logs: [{ message: "begins", data: { json: { n: 0 } } }],
    });
    expect(files[1]?.run.output).toEqual({ base64: expect.any(String) });
    expect(files[1]?.journal[1]?.value).toEqual({ json: text });
    const record = await to.store.getRun({ run: files[1]?.run.id ?? "" });
    expect(record).toMatchObject({ status: "completed", by: { kind: "import", id: "ada" }, epoch: 0 });
  });

  test("is not executed: no retry, but a fork that goes on from it", async () => {
    const from = await fixture();
    const to = await fixture();
    const file = await exported(from, 3);
    unwrap(await to.engine.history.import({ by: ada, file }));
    const retried = await to.engine.operations.retry(ada, file.run.id, {});
    expect(retried).toMatchObject({
      ok: false,
      error: { code: "conflict", message: expect.stringContaining("history") },
    });
    const input = encodeValue({ n: 4 });
    const forked = unwrap(
      await to.engine.operations.fork({ by: ada, run: file.run.id, from: "large", input, trustImported: true }),
    );
    expect(unwrap(await to.engine.ended(forked.id)).status).toBe("completed");
    expect((await to.store.getRun({ run: file.run.id }))?.status).toBe("failed");
  });

  test("is no proof that somebody approved: a fork begins before what others said", async () => {
    const from = await fixture();
    const to = await fixture();
    const started = unwrap(await from.engine.startRun({ by: ada, workflow: "asks", input: encodeValue(null) }));
    await from.until(started.run.id, "waiting");
    const [asked] = await from.store.listTokens({ kind: "approval", limit: 1 });
    const decider = { by: ada, operator: true, requester: () => Promise.resolve(undefined) };
    unwrap(await from.engine.approvals.decide({ decider, token: asked?.token ?? "", approved: true }));
    await from.engine.ended(started.run.id);
    const file = unwrap(await from.engine.history.export({ run: started.run.id }));
    unwrap(await to.engine.history.import({ by: ada, file }));
    const fork = async (at?: string) =>
      to.engine.operations.fork({ by: ada, run: file.run.id, from: at, trustImported: true });
    for (const at of ["pay", undefined]) {
      expect(await fork(at)).toMatchObject({
        ok: false,
        error: { code: "conflict", message: expect.stringContaining("manager") },
      });
    }
    const forked = unwrap(await fork("manager"));
    await to.until(forked.id, "waiting");
    expect(await to.store.listTokens({ kind: "approval", limit: 5 })).toHaveLength(1);
  });

  test("carries attributes, chains and streamed output: all of it is found again", async () => {
    const from = await fixture();
    const to = await fixture();
    const first = await from.run(meter, { day: 1 });
    let end = unwrap(await from.engine.ended(first));
    while (end.continuedTo !== undefined) end = unwrap(await from.engine.ended(end.continuedTo));
    const { runs } = await from.store.listRuns({ filter: { chain: first }, limit: 9 });
    const files = await Promise.all(
      runs.toReversed().map(async ({ id }) => unwrap(await from.engine.history.export({ run: id }))),
    );
    const texts = files.map((file) => JSON.stringify(file));
    for (const each of texts)
      unwrap(await to.engine.history.import({ by: ada, file: parseRunExport(JSON.parse(each)) }));
    for (const [at, file] of files.entries())
      expect(JSON.stringify(unwrap(await to.engine.history.export({ run: file.run.id })))).toBe(texts[at] ?? "");
    expect(files.map(({ run }) => run.attributes?.map(({ name }) => name))).toEqual([
      ["day"],
      ["day"],
      ["day", "last"],
    ]);
    expect(files[1]?.run).toMatchObject({ chain: first, continuedFrom: first, continuedTo: files[2]?.run.id });
    expect(files[1]?.stream).toMatchObject([
      { no: 1, index: 0, value: { json: { day: 2 } } },
      { no: 2, index: 0, step: { name: "read" }, value: { json: ["read", 2] } },
    ]);
    expect(unwrap(await to.engine.ended(first)).continuedTo).toBe(files[1]?.run.id);
    const [, second] = files as [RunExport, RunExport];
    const { continuedTo: _next, ...again } = second.run;
    const file = { ...second, run: { ...again, id: "other" } };
    expect(await to.engine.history.import({ by: ada, file })).toMatchObject({ ok: false, error: { code: "conflict" } });
  });

  test("keeps the newest of what was streamed, as far as the limit goes", async () => {
    const from = await fixture();
    const file = await exportedOf(from, await from.run(meter, { day: 3 }));
    const stream = Array.from({ length: 9 }, (_, at) => ({
      no: at + 1,
      index: at,
      at: 1,
      value: { json: "x".repeat(20) },
    }));
    const to = await EngineFixture.start({ workflows: [meter], limits: { streamBytesMax: 50 } });
    unwrap(await to.engine.history.import({ by: ada, file: { ...file, stream } }));
    const kept = unwrap(await to.engine.history.export({ run: file.run.id })).stream;
    expect(kept.map(({ no }) => no)).toEqual([8, 9]);
    const large = [{ no: 1, index: 0, at: 1, value: { json: "x".repeat(300_000) } }];
    const run = { ...file.run, id: "large" };
    expect(await to.engine.history.import({ by: ada, file: { ...file, run, stream: large } })).toMatchObject({
      ok: false,
      error: { code: "bad_request" },
    });
  });

  test("refuses what has not ended, what is there already, and what cannot be a journal", async () => {
    const f = await fixture();
    const file = await exported(f, 1);
    const bring = async (change: Partial<RunExport>) =>
      f.engine.history.import({ by: ada, file: { ...file, ...change } });
    const other = { ...file.run, id: "other" };
    expect(await bring({})).toMatchObject({ ok: false, error: { code: "run_id_taken" } });
    expect(await bring({ run: other })).toMatchObject({ ok: false, error: { code: "idempotency_conflict" } });
    const { key: _key, ...unkeyed } = other;
    const journal = [...file.journal, ...file.journal];
    expect(await bring({ run: unkeyed, journal })).toMatchObject({ ok: false, error: { code: "bad_request" } });
    const waiting = unwrap(await f.engine.startRun({ by: ada, workflow: "waits", input: encodeValue(undefined) }));
    const open = unwrap(await f.engine.history.export({ run: waiting.run.id }));
    expect(open.run.status).not.toBe("completed");
    const { endedAt: _endedAt, ...running } = { ...open.run, id: "copy" };
    expect(await bring({ run: running })).toMatchObject({ ok: false, error: { code: "run_not_final" } });
    expect(await f.engine.history.export({ run: "none" })).toMatchObject({
      ok: false,
      error: { code: "run_not_found" },
    });
    const limited = await EngineFixture.start({
      workflows: [order],
      limits: { journalEntriesMax: 1, payloadBytesMax: 100 },
    });
    const brought = limited.engine.history.import({ by: ada, file });
    expect(await brought).toMatchObject({ ok: false, error: { code: "journal_too_long" } });
    const short = limited.engine.history.import({ by: ada, file: { ...file, journal: file.journal.slice(1, 2) } });
    expect(await short).toMatchObject({ ok: false, error: { code: "payload_too_large" } });
  });
});
