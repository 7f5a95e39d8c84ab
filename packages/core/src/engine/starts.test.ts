// Starting a run: once for each key, only with an input that the workflow's own schema has taken.
import { describe, expect, test } from "bun:test";
import { decodeValue, encodeValue } from "@sluice/protocol";
import type { WorkflowManifest } from "@sluice/protocol";
import { workflow } from "@sluice/sdk";
import type { StandardSchemaV1 } from "@sluice/sdk";
import type { Result } from "../kernel/result.ts";
import { crashAt, faultyStore } from "../testing/faulty-store.ts";
import { SimulatedClock } from "../testing/simulated-clock.ts";
import { MemoryRunStore } from "../store/memory/index.ts";
import { EngineFixture, pass, rest, tester } from "./engine-fixture.suite.ts";
import type { Started, StartRequest } from "./starts.ts";

const echo = workflow({ name: "echo" }, async (_ctx, input: unknown) => input);
const other = workflow({ name: "other" }, async (_ctx, input: unknown) => input);

async function start(f: EngineFixture, input: unknown, more: Partial<StartRequest> = {}): Promise<Result<Started>> {
  return f.engine.startRun({ by: tester, workflow: "echo", input: encodeValue(input), ...more });
}

function idOf(started: Result<Started>): string {
  if (!started.ok) throw new Error(started.error.message);
  return started.value.run.id;
}

describe("an idempotency key", () => {
  test("gives the run that is there for the same input, and names it for another one", async () => {
    const f = await EngineFixture.start({ workflows: [echo] });
    const first = await start(f, { a: 1, b: [2] }, { key: "o-17" });
    expect(first).toMatchObject({ ok: true, value: { created: true } });
    const again = await start(f, { b: [2], a: 1 }, { key: "o-17" });
    expect(again).toMatchObject({ ok: true, value: { created: false, run: { id: idOf(first) } } });
    const another = await start(f, { a: 2, b: [2] }, { key: "o-17" });
    expect(another).toMatchObject({
      ok: false,
      error: { code: "idempotency_conflict", details: { run: idOf(first), idempotencyKey: "o-17" } },
    });
    expect(another.ok ? "" : another.error.message).toContain(idOf(first));
    expect(another.ok ? "" : another.error.message).toContain("o-17");
    await f.ended(idOf(first));
    expect(await start(f, { a: 1, b: [2] }, { key: "o-17" })).toMatchObject({ ok: true, value: { created: false } });
    expect(await f.store.countRuns({ filter: {} })).toBe(1);
  });

  test("belongs to the workflow, and is free again when the run is deleted", async () => {
    const f = await EngineFixture.start({ workflows: [echo, other] });
    const first = idOf(await start(f, 1, { key: "k" }));
    expect(await start(f, 2, { key: "k", workflow: "other" })).toMatchObject({ ok: true, value: { created: true } });
    await f.ended(first);
    await f.engine.operations.delete(tester, first);
    const second = await start(f, 3, { key: "k" });
    expect(second).toMatchObject({ ok: true, value: { created: true } });
    expect((await f.ended(idOf(second))).output).toBe(3);
  });

  test("makes one run of any number of starts at the same moment", async () => {
    let executed = 0;
    const counting = workflow({ name: "echo" }, async (ctx) => ctx.step("s", () => ++executed));
    const f = await EngineFixture.start({ workflows: [counting] });
    const all = await Promise.all(Array.from({ length: 30 }, () => start(f, "same", { key: "k" })));
    expect(new Set(all.map(idOf)).size).toBe(1);
    expect(all.filter((each) => each.ok && each.value.created)).toHaveLength(1);
    await f.ended(idOf(all[0] ?? { ok: false, error: { code: "internal", message: "none" } }));
    expect(executed).toBe(1);
  });

  test("makes a start repeatable whichever write the machine stops before or after", async () => {
    for (let number = 1; number <= 8; number++) {
      for (const when of ["before", "after"] as const) {
        const inner = new MemoryRunStore();
        const faulty = faultyStore(inner, { plan: crashAt(number, when), afterCrash: "silence" });
        const first = new EngineFixture({ workflows: [echo], store: faulty.store });
        void first.engine.start().then(() => first.attach());
        await rest(5);
        void start(first, "in", { key: "k" });
        await rest(20);
        first.crash();
        const second = await EngineFixture.start({ workflows: [echo], store: inner });
        expect((await second.ended(idOf(await start(second, "in", { key: "k" })))).output).toBe("in");
        expect(await inner.countRuns({ filter: {} })).toBe(1);
      }
    }
  });

  test("compares what was sent, not what a schema made of it", async () => {
    let parses = 0;
    const stamped: StandardSchemaV1<unknown, unknown> = {
      "~standard": { version: 1, vendor: "test", validate: (value) => ({ value: { value, parse: ++parses } }) },
    };
    const f = await EngineFixture.start({
      workflows: [workflow({ name: "echo", input: stamped }, async (_ctx, input) => input)],
    });
    const first = await start(f, 1, { key: "k" });
    expect(await start(f, 1, { key: "k" })).toMatchObject({
      ok: true,
      value: { created: false, run: { id: idOf(first) } },
    });
    expect(await start(f, 2, { key: "k" })).toMatchObject({ ok: false, error: { code: "idempotency_conflict" } });
    expect((await f.ended(idOf(first))).output).toEqual({ value: 1, parse: 1 });
  });
});

describe("a request", () => {
  test.each([
    ["an id with a slash", { id: "a/b" }],
    ["an id that is too long", { id: "a".repeat(129) }],
    ["an empty id", { id: "" }],
    ["an empty key", { key: "" }],
    ["a key that is too long", { key: "k".repeat(513) }],
    ["too many tags", { tags: Array.from({ length: 33 }, (_, i) => `t${i}`) }],
    ["an empty tag", { tags: [""] }],
    ["a tag that is too long", { tags: ["t".repeat(129)] }],
    ["half a priority", { priority: 0.5 }],
    ["too high a priority", { priority: 1e9 }],
    ["a negative delay", { delayMs: -1 }],
    ["an endless delay", { delayMs: Number.POSITIVE_INFINITY }],
    ["no delay at all", { delayMs: Number.NaN }],
  ] as const)("with %s is refused and makes nothing", async (_what, request) => {
    const f = await EngineFixture.start({ workflows: [echo] });
    expect(await start(f, 1, request)).toMatchObject({
      ok: false,
      error: { code: "bad_request", hint: expect.any(String) },
    });
    expect(await f.store.countRuns({ filter: {} })).toBe(0);
  });

  test("for an unknown workflow names those there are; one for a taken id is refused", async () => {
    const f = await EngineFixture.start({ workflows: [echo, other] });
    expect(await start(f, 1, { workflow: "nope" })).toMatchObject({
      ok: false,
      error: { code: "workflow_not_found", hint: "Deployed: echo, other." },
    });
    expect(idOf(await start(f, 1, { id: "mine" }))).toBe("mine");
    expect(await start(f, 2, { id: "mine" })).toMatchObject({ ok: false, error: { code: "run_id_taken" } });
  });

  test("with a delay begins when that is over", async () => {
    const clock = new SimulatedClock(1_000);
    const f = await EngineFixture.start({ workflows: [echo], clock });
    const run = idOf(await start(f, 1, { delayMs: 5_000 }));
    await pass(clock, 4_999);
    expect(await f.store.getRun({ run })).toMatchObject({ status: "queued", reason: "delayed" });
    await pass(clock, 1);
    expect((await f.ended(run)).status).toBe("completed");
  });

  test("is refused while the engine stops", async () => {
    const f = await EngineFixture.start({ workflows: [echo] });
    await f.engine.stop(10);
    expect(await start(f, 1)).toMatchObject({ ok: false, error: { code: "draining" } });
  });
});

/** Takes `{n}` and makes `n` a number; `slow` is awaited before. */
function numbered(slow?: Promise<void>): StandardSchemaV1<unknown, { readonly n: number }> {
  return {
    "~standard": {
      version: 1,
      vendor: "test",
      validate: async (value) => {
        await slow;
        const n = Number((value as { n?: unknown } | undefined)?.n);
        return Number.isNaN(n) ? { issues: [{ message: "must be a number", path: ["n"] }] } : { value: { n } };
      },
    },
  };
}

const strict = workflow({ name: "echo", input: numbered() }, async (_ctx, input) => input);
const manifest: WorkflowManifest = {
  name: "echo",
  triggers: [],
  validates: true,
  schema: { type: "object", properties: { n: { type: "number" } }, required: ["n"] },
};

describe("a schema", () => {
  test("is asked in a worker before the run exists; what it made of the input is stored, once", async () => {
    const f = await EngineFixture.start({ workflows: [strict] });
    const wrong = await start(f, { n: "x" });
    expect(wrong).toMatchObject({
      ok: false,
      error: { code: "invalid_input", details: [{ path: "/n", message: "must be a number" }] },
    });
    expect(await f.store.countRuns({ filter: {} })).toBe(0);
    const run = idOf(await start(f, { n: "5", more: true }));
    expect((await f.ended(run)).output).toEqual({ n: 5 });
    const record = await f.store.getRun({ run });
    expect(decodeValue(record?.input ?? new Uint8Array())).toEqual({ n: 5 });
  });

  test("that throws refuses the input and says that it failed itself", async () => {
    const broken: StandardSchemaV1 = {
      "~standard": {
        version: 1,
        vendor: "test",
        validate: () => {
          throw new Error("bug in the schema");
        },
      },
    };
    const f = await EngineFixture.start({ workflows: [workflow({ name: "echo", input: broken }, async () => 1)] });
    expect(await start(f, 1)).toMatchObject({
      ok: false,
      error: { code: "invalid_input", message: expect.stringContaining("bug in the schema") },
    });
  });

  test("is judged by the exported JSON Schema when no worker is up", async () => {
    const f = new EngineFixture({ workflows: [] });
    await f.engine.start();
    await f.engine.deploy("v1", [manifest]);
    expect(await start(f, { n: "x" })).toMatchObject({ ok: false, error: { code: "invalid_input" } });
    const run = idOf(await start(f, { n: 5 }));
    expect((await f.store.getRun({ run }))?.status).toBe("queued");
    await f.attach({ workflows: [strict], version: "v1" });
    expect((await f.ended(run)).output).toEqual({ n: 5 });
  });

  test("that nobody can judge makes the start fail with no_worker", async () => {
    const f = new EngineFixture({ workflows: [] });
    await f.engine.start();
    const { schema: _schema, ...unexported } = manifest;
    await f.engine.deploy("v1", [unexported]);
    expect(await start(f, { n: 5 })).toMatchObject({ ok: false, error: { code: "no_worker" } });
    await f.engine.deploy("v2", [manifest]);
    // A Date is nothing a JSON Schema can judge.
    expect(await start(f, { n: new Date() })).toMatchObject({ ok: false, error: { code: "no_worker" } });
    expect(await f.store.countRuns({ filter: {} })).toBe(0);
  });

  test("whose worker goes silent, or dies, is judged by the exported one in the end", async () => {
    const clock = new SimulatedClock(1_000);
    const f = await EngineFixture.start({
      workflows: [workflow({ name: "echo", input: numbered(new Promise(() => undefined)) }, async () => 1)],
      clock,
    });
    const waiting = start(f, { n: 5 });
    await pass(clock, 10_000);
    expect(await waiting).toMatchObject({ ok: false, error: { code: "no_worker" } });
    const dying = new EngineFixture({ workflows: [], clock });
    await dying.engine.start();
    const link = dying.engine.attach({ id: "w", send: () => undefined });
    link.receive({ type: "deploy", worker: "w", version: "v1", workflows: [manifest] });
    await dying.engine.deploy("v1", [manifest]);
    const asked = start(dying, { n: 5 });
    await rest();
    await link.lost({ crashed: true, executing: [], message: "gone" });
    expect(await asked).toMatchObject({ ok: true, value: { run: { status: "queued" } } });
  });
});

test("a worker that dies while its run is being stored leaves the run to the next worker", async () => {
  const gate = Promise.withResolvers<void>();
  let holding = true;
  const { store } = faultyStore(new MemoryRunStore(), {
    plan: ({ verb }) => (verb === "createRun" && holding ? { fault: "delay", until: gate.promise } : undefined),
    afterCrash: "reject",
  });
  const f = new EngineFixture({ workflows: [echo], store });
  await f.engine.start();
  const link = f.engine.attach({ id: "w", send: () => undefined });
  await f.engine.deploy("v1", [{ name: "echo", triggers: [], validates: false }]);
  link.receive({
    type: "deploy",
    worker: "w",
    version: "v1",
    workflows: [{ name: "echo", triggers: [], validates: false }],
  });
  const starting = start(f, "in");
  await rest();
  await link.lost({ crashed: true, executing: [], message: "gone" });
  holding = false;
  gate.resolve();
  const run = idOf(await starting);
  await f.attach();
  expect((await f.ended(run)).output).toBe("in");
});
