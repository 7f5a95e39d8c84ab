import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { workflow } from "@sluice/sdk";
import { HttpFixture } from "../http-fixture.ts";

const mail = workflow({ name: "a/mail", queue: "mails" }, async (_ctx, n: number) => n);
const news = workflow({ name: "b/news", queue: "mails" }, async (_ctx, n: number) => n);
const limited = workflow(
  { name: "limited", rateLimit: { count: 1, per: "1h" }, singleton: { mode: "skip", key: "input.id" } },
  async (ctx) => ctx.waitFor("never"),
);
const one = workflow({ name: "one", concurrency: { limit: 1, key: "input.tenant", countWaiting: true } }, async (ctx) =>
  ctx.waitFor("never"),
);

let f: HttpFixture;
beforeAll(async () => {
  f = await HttpFixture.make({ workflows: [mail, news, limited, one] });
});
afterAll(async () => f[Symbol.asyncDispose]());

const start = (name: string, body: object) => f.post(`/api/v1/workflows/${encodeURIComponent(name)}/runs`, body);

describe("queues", () => {
  test("are paused and resumed, and say what they hold back", async () => {
    expect((await f.post("/api/v1/queues/mails/pause", {})).body.queue).toMatchObject({ paused: true });
    const { body } = await start("a/mail", { input: 7 });
    expect(body.run).toMatchObject({
      status: "queued",
      statusReason: "queue_paused",
      hold: { by: "queue", path: null, key: "mails" },
    });
    expect((await f.get("/api/v1/queues")).body.queues).toEqual([
      { name: "mails", paused: true, workflows: ["a/mail", "b/news"], held: 1 },
    ]);
    const figures = String((await f.get("/metrics")).body);
    expect(figures).toContain('sluice_runs_held{by="queue"} 1');
    await f.post("/api/v1/queues/mails/resume", {});
    expect((await f.get(`/api/v1/runs/${body.run.id}?wait=10s`)).body.run).toMatchObject({ output: 7, hold: null });
  });

  test("need the say over every workflow that names them", async () => {
    const made = await f.post("/api/v1/tokens", { name: "a", role: "developer", limits: { workflow: ["a/*"] } });
    const headers = { authorization: `Bearer ${made.body.token}` };
    expect((await f.send("/api/v1/queues", { token: null, headers })).body.queues).toMatchObject([
      { name: "mails", workflows: ["a/mail"] },
    ]);
    const paused = await f.send("/api/v1/queues/mails/pause", {
      method: "POST",
      token: null,
      headers: { ...headers, "content-type": "application/json" },
      body: "{}",
    });
    expect(paused.status).toBe(404);
    expect((await f.get("/api/v1/queues")).body.queues).toMatchObject([{ paused: false }]);
  });

  test("leave a row in the audit trail when somebody pauses them", async () => {
    await f.post("/api/v1/queues/mails/pause", {});
    await f.post("/api/v1/queues/none/pause", {});
    await f.post("/api/v1/queues/mails/resume", {});
    const { body } = await f.get("/api/v1/audit?action=queue:*");
    const told = (body.records as Record<string, unknown>[]).map(({ action, target, outcome }) => ({
      action,
      target,
      outcome,
    }));
    expect(told.slice(0, 2)).toEqual([
      { action: "queue:resume", target: "queue:mails", outcome: "done" },
      { action: "queue:pause", target: "queue:mails", outcome: "done" },
    ]);
  });
});

describe("a start", () => {
  test("that joins a run says how, and one past the rate limit when to come again", async () => {
    const first = await start("limited", { input: { id: 1 } });
    expect([first.status, first.body.joined]).toEqual([201, undefined]);
    const second = await start("limited", { input: { id: 1 } });
    expect(second).toMatchObject({
      status: 200,
      body: { created: false, joined: "skipped", run: { id: first.body.run.id } },
    });
    const third = await start("limited", { input: { id: 2 } });
    expect(third).toMatchObject({ status: 429, body: { error: { code: "rate_limited" } } });
    expect(third.body.error.details.retryAt).toBeGreaterThan(Date.now());
  });

  test("that is held back says by what, for each key", async () => {
    await start("one", { input: { tenant: "acme" } });
    const { body } = await start("one", { input: { tenant: "acme" } });
    expect(body.run.hold).toEqual({ by: "concurrency", path: "input.tenant", key: "acme" });
    const listed = (await f.get("/api/v1/runs?workflow=one&status=queued")).body.runs;
    expect(listed).toMatchObject([{ id: body.run.id, statusReason: "concurrency_limit" }]);
    const held = (await f.get("/api/v1/runs?reason=concurrency_limit")).body.runs;
    expect(held.map((run: { id: string }) => run.id)).toEqual([body.run.id]);
    expect((await f.get("/api/v1/runs?reason=throttled")).body.runs).toEqual([]);
    expect((await f.get("/api/v1/workflows/one")).body.workflow.flow).toEqual({
      concurrency: [{ limit: 1, key: "input.tenant", countWaiting: true }],
    });
  });
});
