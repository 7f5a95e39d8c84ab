// The first page, figures of workflows, graphs and waits: what they say of real runs, in the form the contract gives them.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { hourMs } from "@sluice/core";
import { schemas } from "@sluice/protocol/http-schemas";
import type { SchemaName } from "@sluice/protocol/http-schemas";
import { schedule, workflow } from "@sluice/sdk";
import { HttpFixture } from "../http-fixture.ts";
import type { Answer } from "../http-fixture.ts";

const shop = workflow<{ fail?: boolean; wait?: string }>({ name: "shop" }, async (ctx, input) => {
  const order = await ctx.step("order", () => 7);
  if (input.fail === true) {
    await ctx.step("charge", () => {
      throw new Error("no money");
    });
  }
  if (input.wait !== undefined) await ctx.waitFor("paid", { key: input.wait, match: { order } });
  const gate = Promise.withResolvers<void>();
  const [packed] = await Promise.all([
    ctx.step("pack", async () => {
      await gate.promise;
      return "box";
    }),
    ctx.step("mail", () => gate.resolve()),
  ]);
  for (const n of [1, 2]) await ctx.step("check", () => n);
  return packed;
});
const boss = workflow({ name: "billing/boss" }, async (ctx) => ctx.approve("boss"));
const quiet = workflow({ name: "quiet", triggers: [schedule("0 0 1 1 *", { name: "yearly" })] }, async () => 1);
const declares = workflow(
  {
    name: "declares",
    graph: {
      nodes: [
        { id: "step:first", kind: "step", name: "first" },
        { id: "step:never", kind: "step", name: "never" },
      ],
      edges: [
        { from: "start", to: "step:first", parallel: false },
        { from: "step:first", to: "step:never", parallel: false },
        { from: "step:first", to: "end", parallel: false },
      ],
    },
  },
  async (ctx) => ctx.step("first", () => 1),
);

let f: HttpFixture;
let narrow: string;
beforeAll(async () => {
  f = await HttpFixture.make({
    workflows: [shop, boss, quiet],
    http: { disk: async () => ({ databaseBytes: 1, blobBytes: 2, freeBytes: 3 }) },
  });
  for (const input of [{}, {}, {}, { fail: true }]) {
    const { body } = await f.post("/api/v1/workflows/shop/runs?wait=10s", { input });
    expect(body.run.endedAt).toBeNumber();
  }
  for (const [id, wait] of [
    ["w1", "a"],
    ["w2", "b"],
  ]) {
    await f.post("/api/v1/workflows/shop/runs", { id, input: { wait } });
    await f.until(id!, "waiting");
  }
  await f.post("/api/v1/workflows/billing%2Fboss/runs", { id: "b1" });
  await f.until("b1", "waiting");
  const made = await f.post("/api/v1/tokens", { name: "n", role: "viewer", limits: { workflow: ["billing/*"] } });
  narrow = made.body.token;
});
afterAll(async () => f[Symbol.asyncDispose]());

/** An answer that is as the contract says. */
function checked(schema: SchemaName, { status, body }: Answer): Answer["body"] {
  expect({ status, problem: schemas[schema].safeParse(body).error?.message }).toEqual({
    status: 200,
    problem: undefined,
  });
  return body;
}

describe("the overview", () => {
  test("says what needs somebody, how the day went, and what goes on", async () => {
    const body = checked("Overview", await f.get("/api/v1/overview"));
    expect(body).toMatchObject({
      needs: { approvals: 1, failed: 1, poison: 0, nonDeterminism: 0, waitingForVersion: 0, undo: 0 },
      runs: { completed: 3, failed: 1, waiting: 3 },
      day: { completed: 3, failed: 1, cancelled: 0 },
      queue: { ready: 0, waiting: 3, timers: 0 },
      workers: { serving: 1, stalled: 0, starting: 0 },
      disk: { databaseBytes: 1, blobBytes: 2, freeBytes: 3 },
      version: "0.0.0-test",
    });
    expect(body.hours).toHaveLength(24);
    expect(body.hours.at(-1).at).toBe(Math.floor(Date.now() / hourMs) * hourMs);
    expect(body.hours.reduce((sum: number, { started }: { started: number }) => sum + started, 0)).toBe(7);
    expect(body.day.p50Ms).toBeLessThanOrEqual(body.day.p95Ms);
  });

  test("is of what one may see, each part by its own permission", async () => {
    const body = checked("Overview", await f.send("/api/v1/overview", { token: narrow }));
    expect(body).toMatchObject({
      needs: { approvals: 1, failed: 0 },
      runs: { waiting: 1 },
      day: { completed: 0, failed: 0, p50Ms: null },
      queue: { waiting: 1 },
    });
    const grants = [{ permission: "approval:read" }];
    const { token } = (await f.post("/api/v1/tokens", { name: "approver", grants })).body;
    const little = checked("Overview", await f.send("/api/v1/overview", { token }));
    expect(little).toMatchObject({
      needs: { approvals: 1, failed: 0 },
      runs: {},
      day: { completed: 0 },
      workers: { serving: 0 },
      disk: null,
    });
  });
});

describe("figures of workflows", () => {
  test("are listed for all that are deployed, as far as one may see them", async () => {
    const body = checked("WorkflowStatsList", await f.get("/api/v1/workflow-stats"));
    expect(body.workflows).toMatchObject([
      { workflow: "billing/boss", health: "good", unfinished: 1 },
      { workflow: "quiet", health: "idle", unfinished: 0, lastRunAt: null, day: { completed: 0, p50Ms: null } },
      { workflow: "shop", health: "failing", unfinished: 2, day: { completed: 3, failed: 1 } },
    ]);
    expect(body.workflows[2].lastRunAt).toBe((await f.get("/api/v1/runs/w2")).body.run.createdAt);
    const seen = checked("WorkflowStatsList", await f.send("/api/v1/workflow-stats", { token: narrow }));
    expect(seen.workflows).toEqual([body.workflows[0]]);
  });

  test("of one, with an entry for every hour", async () => {
    const { stats } = checked("WorkflowStats", await f.get("/api/v1/workflows/shop/stats"));
    expect(stats.hours).toHaveLength(24);
    expect(stats.hours[1].at - stats.hours[0].at).toBe(hourMs);
    for (const [path, token] of [
      ["/api/v1/workflows/none/stats", undefined],
      ["/api/v1/workflows/shop/stats", narrow],
      ["/api/v1/workflows/shop/graph", narrow],
    ] as const) {
      const { status, body } = await f.send(path, token === undefined ? {} : { token });
      expect([status, body.error.code]).toEqual([404, "workflow_not_found"]);
    }
  });
});

describe("a graph", () => {
  test("shows what follows what, what goes on at once, loops and failures", async () => {
    const graph = checked("WorkflowGraph", await f.get("/api/v1/workflows/shop/graph"));
    expect(graph).toMatchObject({ source: "inferred", runs: 6 });
    expect(graph.nodes.map(({ id }: { id: string }) => id).toSorted()).toEqual(
      ["start", "end", "event:paid", "step:charge", "step:check", "step:mail", "step:order", "step:pack"].toSorted(),
    );
    const node = (id: string) => graph.nodes.find((each: { id: string }) => each.id === id);
    expect(node("step:charge")).toMatchObject({ count: 1, failed: 1 });
    expect(node("step:order")).toMatchObject({ count: 6, failed: 0 });
    expect(node("end")).toMatchObject({ count: 3 });
    const edge = (from: string, to: string) =>
      graph.edges.find((each: { from: string; to: string }) => each.from === from && each.to === to);
    expect(edge("step:order", "step:pack")).toMatchObject({ count: 3, parallel: true });
    expect(edge("step:order", "step:mail")).toMatchObject({ count: 3, parallel: true });
    expect(edge("step:order", "step:charge")).toMatchObject({ count: 1, parallel: false });
    expect(edge("step:check", "step:check")).toMatchObject({ count: 3 });
    expect(edge("step:check", "end")).toMatchObject({ count: 3 });
    expect(edge("step:pack", "step:mail")).toBeUndefined();
  });

  test("is the declared one where there is one, with what runs did counted on it", async () => {
    await using other = await HttpFixture.make({ workflows: [declares] });
    await other.post("/api/v1/workflows/declares/runs?wait=10s", {});
    const graph = checked("WorkflowGraph", await other.get("/api/v1/workflows/declares/graph"));
    expect(graph).toMatchObject({ source: "declared", runs: 1 });
    expect(graph.nodes.map(({ id, count }: { id: string; count: number }) => [id, count])).toEqual([
      ["start", 1],
      ["step:first", 1],
      ["step:never", 0],
      ["end", 1],
    ]);
    expect(graph.edges).toHaveLength(3);
  });

  test("is of as many journals as are asked for", async () => {
    const graph = checked("WorkflowGraph", await f.get("/api/v1/workflows/shop/graph?runs=2"));
    expect(graph).toMatchObject({ runs: 2 });
    expect(checked("WorkflowGraph", await f.get("/api/v1/workflows/quiet/graph"))).toMatchObject({
      runs: 0,
      edges: [],
    });
    expect((await f.get("/api/v1/workflows/shop/graph?runs=201")).status).toBe(400);
  });
});

describe("waits for events", () => {
  test("are listed with what they wait for, in pages", async () => {
    const first = checked("Waits", await f.get("/api/v1/waits?event=paid&limit=1"));
    expect(first.waits).toMatchObject([
      { run: "w1", workflow: "shop", event: "paid", key: "a", match: { order: 7 }, dueAt: null },
    ]);
    const second = checked("Waits", await f.get(`/api/v1/waits?event=paid&limit=1&cursor=${first.nextCursor}`));
    expect(second).toMatchObject({ waits: [{ run: "w2", key: "b" }], nextCursor: null });
    expect(checked("Waits", await f.get("/api/v1/waits"))).toMatchObject({ waits: [{}, {}] });
    expect(checked("Waits", await f.send("/api/v1/waits", { token: narrow })).waits).toEqual([]);
    expect((await f.get("/api/v1/waits?cursor=nonsense")).status).toBe(400);
  });
});
