import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { parseDuration } from "@sluice/protocol";
import { routes } from "@sluice/protocol/http";
import type { RouteName } from "@sluice/protocol/http";
import { contracts, schemas } from "@sluice/protocol/http-schemas";
import { schedule, webhook, workflow } from "@sluice/sdk";
import fc from "fast-check";
import { asking } from "./contract-fixture.suite.ts";
import { HttpFixture } from "./http-fixture.ts";
import type { Answer } from "./http-fixture.ts";

const echo = workflow<unknown>(
  { name: "echo", triggers: [webhook("/echo"), schedule("0 0 1 1 *", { name: "yearly" })], queue: "echoes" },
  async (ctx, input) => ctx.step("same", () => input),
);
const fails = workflow({ name: "fails" }, async (ctx) =>
  ctx.step("breaks", () => Promise.reject(new TypeError("x", { cause: 1 }))),
);
const asks = workflow({ name: "asks" }, async (ctx) => {
  await ctx.step("first", () => 1);
  ctx.log("hello", { n: 1 });
  return ctx.approve("boss", { timeout: "1 day" });
});
const calls = workflow({ name: "calls" }, async (ctx) => {
  const made = await ctx.token("t");
  ctx.progress(made.token);
  return made.wait();
});

let f: HttpFixture;
beforeAll(async () => {
  f = await HttpFixture.make({ workflows: [echo, fails, asks, calls], http: { limits: { bodyBytesMax: 100_000 } } });
});
afterAll(async () => f[Symbol.asyncDispose]());
const visited = new Set<RouteName>();
const ask = asking(() => f, visited);

async function begun(name: string, status: string): Promise<string> {
  const { body } = await ask("startRun", [name], { body: { input: { a: 1 } } });
  await f.until(body.run.id, status);
  return body.run.id;
}

describe("answers", () => {
  test("of every route are what the API document says", async () => {
    const started = await ask("startRun", ["echo"], {
      query: "?wait=5s",
      body: { input: { a: [1, null] }, id: "c-1", tags: ["x"], priority: -5, idempotencyKey: "k" },
    });
    expect(started.status).toBe(201);
    expect((await ask("startRun", ["echo"], { body: { input: { a: [1, null] }, idempotencyKey: "k" } })).status).toBe(
      200,
    );
    expect((await ask("startRun", ["asks"], { query: "?wait=1ms", body: {} })).status).toBe(202);
    await ask("startRun", ["none"], { body: {} });
    const failed = await begun("fails", "failed");
    await ask("getRun", [failed]);
    await ask("listSteps", [failed]);
    const waiting = await begun("asks", "waiting");
    for (const name of ["getRun", "listSteps", "listLogs"] as const) await ask(name, [waiting]);
    for (const name of [
      "listRuns",
      "listWorkflows",
      "listApprovals",
      "listSchedules",
      "listDeployments",
      "health",
      "ready",
      "openapi",
    ] as const)
      await ask(name);
    await ask("getWorkflow", ["echo"]);
    await ask("getWorkflow", ["none"]);
    await ask("pauseRun", [waiting], { body: {} });
    await f.until(waiting, "paused");
    await ask("resumeRun", [waiting]);
    await f.until(waiting, "waiting");
    const token: string = (await ask("listApprovals", [], { query: `?run=${waiting}` })).body.approvals[0].token;
    await ask("getApproval", [token]);
    await ask("delegateApproval", [token], { body: { to: "user:ada" } });
    await ask("commentApproval", [token], { body: { text: "why?" } });
    await ask("getApproval", [token]);
    await ask("decideApproval", [token], { body: { approved: true } });
    await ask("decideApproval", [token], { body: { approved: true } });
    await f.until(waiting, "completed");
    await ask("retryRun", [failed], { body: { code: "pinned" } });
    await f.until(failed, "failed");
    await ask("forkRun", [failed], { body: { from: 0, input: null } });
    await ask("cancelRun", [failed], { body: {} });
    await ask("bulkRuns", [], { body: { action: "cancel", filter: { workflow: "asks" }, dryRun: true } });
    const { body: file } = await ask("exportRun", [failed]);
    expect((await ask("importRun", [], { body: file })).status).toBe(409);
    await ask("deleteRun", [failed]);
    expect((await ask("importRun", [], { body: file })).body.run).toMatchObject({ id: failed, status: "failed" });
    const calling = await begun("calls", "waiting");
    await ask("completeCallback", [(await ask("getRun", [calling])).body.run.progress], { body: [1] });
    await ask("sendEvent", [], { body: { name: "e", payload: 1, id: "once" } });
    await ask("sendEvent", [], { body: { name: "e", payload: 1, id: "once" } });
    const [yearly] = (await ask("listSchedules")).body.schedules;
    await ask("getSchedule", [yearly.id], { query: "?next=2" });
    await ask("pauseSchedule", [yearly.id]);
    await ask("resumeSchedule", [yearly.id]);
    await ask("runSchedule", [yearly.id]);
    expect((await ask("pauseQueue", ["echoes"])).body.queue.paused).toBe(true);
    const held = await ask("startRun", ["echo"], { body: { id: "held" } });
    expect(held.body.run).toMatchObject({ statusReason: "queue_paused", hold: { by: "queue", key: "echoes" } });
    expect((await ask("listQueues")).body.queues).toMatchObject([{ name: "echoes", held: 1 }]);
    await ask("resumeQueue", ["echoes"]);
    await ask("pauseQueue", ["none"]);
    await ask("listEvents", [], { query: "?name=e" });
    expect((await ask("backup")).status).toBe(503);
    expect((await ask("downloadBackup")).status).toBe(503);
    expect((await ask("restore", [], { body: {} })).status).toBe(415);
    await ask("setState", ["global", "k"], { body: { value: { a: 1 }, ttl: "1h" } });
    await ask("getState", ["global", "k"]);
    await ask("listState", ["global"]);
    await ask("deleteState", ["global", "k"]);
    await ask("listStepCache");
    await ask("clearStepCache", [], { query: "?all=true" });
    await ask("callHook", ["echo"], { body: { a: 1 } });
    await ask("metrics", [], { query: "?format=json" });
    await ask("metrics");
    await ask("docs");
    await ask("docsAsset", ["page.mjs"]);
    for (const name of ["overview", "listWorkflowStats", "listWaits", "getSettings"] as const) await ask(name);
    for (const name of ["getWorkflowStats", "getWorkflowGraph"] as const) await ask(name, ["echo"]);
    await ask("getRunValue", ["c-1", "output"]);
    await ask("listScheduleTimes", [], { query: "?workflow=echo" });
    await ask("search", [], { query: "?q=ec" });
    for (const name of ["searchAudit", "exportAudit"] as const) await ask(name, [], { query: "?action=run:*" });
    await ask("getAuditRow", ["1"]);
    await ask("getAuditRow", ["none"]);
    await ask("verifyAudit", [], { body: {} });
    for (const name of ["console", "consoleAsset", "consolePage"] as const) await ask(name, ["runs"]);
    // Others are asked in the contract-*.test.ts of their own, terminals in routes/terminals.test.ts.
    const rooms = "logs metrics terminals clusters";
    const elsewhere = new Set(`sign-in users triggers services workers builds keys versions ${rooms}`.split(" "));
    const here = (Object.keys(routes) as RouteName[]).filter((name) => !elsewhere.has(routes[name].tag));
    const rest = here.filter((name) => !visited.has(name));
    expect(rest).toEqual(["watchRun", "streamRun", "live"]);
  });
});

/** Whether this server is made without what the route is about. */
function isMissing(name: RouteName): boolean {
  return name === "downloadBackup" || ["logs", "metrics", "terminals", "clusters"].includes(routes[name].tag);
}

/** What was written so far. */
async function written(): Promise<unknown> {
  const { runs, events } = await f.engine.store.stats();
  const state = await f.engine.store.listState({ scope: "global", limit: 100, now: Date.now() });
  const tokens = await f.engine.store.listTokens({ kind: "approval", status: "open", limit: 100 });
  return { runs, events, state: state.entries.map(({ key, version }) => [key, version]), tokens: tokens.length };
}

function expectRefusal({ status, body }: Answer): void {
  expect(status).toBeGreaterThanOrEqual(400);
  expect(status).toBeLessThan(500);
  expect(schemas.Failure.safeParse(body).success).toBe(true);
  expect(body.error.hint).toBeString();
  expect(JSON.stringify(body)).not.toMatch(/\bat .+\.ts:\d+|node_modules/);
}

const odd = fc.constantFrom<unknown>(
  null,
  true,
  false,
  0,
  -1,
  1.5,
  1e308,
  -0,
  2 ** 53,
  "",
  "x",
  "10s",
  "completed",
  [],
  {},
  [1],
  ["a"],
  { a: 1 },
  "x".repeat(600),
  "current",
  "cancel",
  -1_000_001,
);

/** The one thing the document does not say: which words are a duration. */
function unreadable(duration: unknown): boolean {
  if (typeof duration !== "number" && typeof duration !== "string") return false;
  try {
    parseDuration(duration);
    return false;
  } catch {
    return true;
  }
}

/** Valid bodies to break, by route. */
const samples: Partial<Record<RouteName, { params: string[]; body: Record<string, unknown> }>> = {
  startRun: {
    params: ["echo"],
    body: { input: 1, id: "r", idempotencyKey: "k", delay: "1h", priority: 1, tags: ["t"] },
  },
  cancelRun: { params: ["run_none"], body: { reason: "r" } },
  retryRun: { params: ["run_none"], body: { code: "pinned" } },
  forkRun: { params: ["run_none"], body: { from: 1, input: 1 } },
  pauseRun: { params: ["run_none"], body: {} },
  bulkRuns: {
    params: [],
    body: {
      action: "retry",
      filter: { workflow: "none", status: ["failed"], tag: "t", from: 0, to: 1 },
      dryRun: true,
      reason: "r",
    },
  },
  sendEvent: { params: [], body: { name: "n", payload: 1, key: "k", id: "fuzz" } },
  decideApproval: { params: ["tok_none"], body: { approved: true, reason: "r", payload: 1 } },
  delegateApproval: { params: ["tok_none"], body: { to: "user:ada", reason: "r" } },
  commentApproval: { params: ["tok_none"], body: { text: "t" } },
  setState: { params: ["global", "fuzz"], body: { value: 1, ttl: "1h" } },
};

const mutation = fc.record({
  dropped: fc.array(fc.nat(9), { maxLength: 2 }),
  changed: fc.array(fc.tuple(fc.nat(9), odd), { maxLength: 2 }),
  added: fc.option(fc.constantFrom("extra", "Input", "idempotency_key", "__proto__", "constructor", "toString"), {
    freq: 4,
  }),
});

function mutated(
  body: Record<string, unknown>,
  m: { dropped: number[]; changed: [number, unknown][]; added: string | null },
): Record<string, unknown> {
  const keys = Object.keys(body);
  const made = new Map(Object.entries(body));
  for (const [at, value] of m.changed) {
    const key = keys[at];
    if (key !== undefined) made.set(key, value);
  }
  for (const at of m.dropped) made.delete(keys[at] ?? "");
  if (m.added !== null) made.set(m.added, 1);
  return Object.fromEntries(made);
}

describe("bad input", () => {
  for (const [name, { params, body }] of Object.entries(samples) as [
    RouteName,
    { params: string[]; body: Record<string, unknown> },
  ][]) {
    test(`of ${name} is refused exactly where the API document says so`, async () => {
      const schema = schemas[contracts[name].request ?? "Nothing"];
      expect(schema.safeParse(body).success).toBe(true);
      await fc.assert(
        fc.asyncProperty(mutation, async (m) => {
          const broken = mutated(body, m);
          const before = JSON.stringify(await written());
          const answer = await ask(name, params, { body: broken });
          if (answer.status >= 400) {
            expectRefusal(answer);
            expect(JSON.stringify(await written())).toBe(before);
          }
          if (name === "setState") await ask(name, params, { body: { value: 1 } }); // A ttl may end between two looks.
          const refused = ["bad_request", "invalid_filter", "invalid_json", "invalid_duration"].includes(
            answer.body?.error?.code,
          );
          expect({ broken, refused }).toEqual({
            broken,
            refused: !schema.safeParse(broken).success || unreadable(broken["delay"]) || unreadable(broken["ttl"]),
          });
        }),
        { numRuns: 150 },
      );
    });
  }

  const everyRoute = (Object.keys(routes) as RouteName[]).filter(
    (name) => !["health", "ready", "openapi", "docs", "metrics", "watchRun", "backup"].includes(name),
  );

  test("of any bytes to any route never does anything or breaks anything", async () => {
    // What others have started may still be at work.
    while (((await f.engine.store.stats()).runs.running ?? 0) > 0)
      await new Promise((resolve) => void setImmediate(resolve));
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 60 }),
      fc.json().map((text) => new TextEncoder().encode(text)),
      fc.string({ unit: "binary" }).map((text) => new TextEncoder().encode(`{"input":"${text}"`)),
    );
    const type = fc.constantFrom(
      "application/json",
      "application/vnd.sluice.value+msgpack",
      "text/plain",
      "application/x-www-form-urlencoded",
      "",
      "nonsense",
      "multipart/form-data",
    );
    const segment = fc.constantFrom(
      "run_none",
      "%00",
      "..",
      "%2e%2e%2f",
      "%ff",
      "a".repeat(300),
      "tok_x",
      "global",
      "🙂",
      "%F0%9F%99%82",
      "' OR 1=1 --",
      "<script>",
    );
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...everyRoute),
        bytes,
        type,
        fc.array(segment, { minLength: 2, maxLength: 2 }),
        async (name, body, contentType, [one = "", two = ""]) => {
          const spec = routes[name];
          const method = spec.methods[0];
          const path = [one, two].reduce((left, part) => left.replace(/:\w+|\*/, () => part), spec.path);
          if (method === "GET") {
            expect((await f.send(path)).status).toBeLessThan(isMissing(name) ? 504 : 500);
            return;
          }
          if (name === "setState" || name === "sendEvent") return;
          const before = JSON.stringify(await written());
          const headers = contentType === "" ? {} : { "content-type": contentType };
          const answer = await f.send(path, { method, headers, body });
          // Those that speak as other products do refuse as they do; what this server is without says so.
          if (/^\/(?:v1|es|splunk|loki)\//.test(spec.path)) expect(answer.status).not.toBe(500);
          // Twirp has more beside it.
          else if (answer.status >= 400 && answer.body?.error.code !== "unavailable")
            expectRefusal({ ...answer, body: { error: answer.body?.error } });
          expect(JSON.stringify(await written())).toBe(before);
        },
      ),
      { numRuns: 1_500 },
    );
    expect(f.logs.filter(({ level }) => level === "error")).toEqual([]);
  }, 60_000);

  test("in queries is refused with what is known", async () => {
    const queries = [
      "/runs?limit=0",
      "/runs?limit=201",
      "/runs?limit=x",
      "/runs?limit=1e2",
      "/runs?status=done",
      "/runs?from=yesterday",
      "/runs?from=99999999999999999999",
      "/runs?cursor=%00",
      "/runs?cursor=nonsense",
      "/runs?worfklow=x",
      "/runs?limit=1&limit=2",
      "/runs?tag=%ff%00",
      "/runs/x?wait=soon",
      "/runs/x?wait=-5",
      "/runs/x?wait=1%20month",
      "/runs/x?watch=1",
      "/schedules/x?next=1000",
      "/schedules/x?next=-1",
      "/approvals?status=open",
      "/state/global?limit=no",
      "/state/global?cursor=nonsense",
      "/workflows?x=1",
    ];
    for (const query of queries) {
      const answer = await f.get(`/api/v1${query}`);
      expectRefusal(answer);
      expect({ query, status: answer.status }).toEqual({ query, status: 400 });
    }
    expectRefusal(await f.get("/metrics?format=xml"));
  });

  test("in cursors of steps is refused", async () => {
    const { body } = await f.post("/api/v1/workflows/echo/runs?wait=5s", {});
    for (const cursor of ["x", "s", "s1x", "o--1", "s99999999999999999999"])
      expectRefusal(await f.get(`/api/v1/runs/${body.run.id}/steps?cursor=${cursor}`));
  });

  test("in the value format is refused before it reaches a journal", async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 40 }), async (bytes) => {
        const before = JSON.stringify(await written());
        const answer = await f.postValue("/api/v1/workflows/none/runs", { input: bytes });
        expectRefusal(answer);
        expect(["value_bad_encoding", "workflow_not_found"]).toContain(answer.body.error.code);
        expect(JSON.stringify(await written())).toBe(before);
      }),
      { numRuns: 300 },
    );
  });
});
