// Against a real listener: what is exported of runs, and that a run never waits for it.
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { systemClock } from "@sluice/core";
import { spanIdOf, traceIdOf } from "@sluice/protocol";
import { workflow } from "@sluice/sdk";
import { HttpFixture } from "../http-fixture.ts";
import { telemetryLimits } from "./limits.ts";
import type { TelemetryLimits } from "./limits.ts";
import { Telemetry } from "./telemetry.ts";

interface SentSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: readonly { readonly key: string; readonly value: Record<string, unknown> }[];
  readonly status?: { readonly code: number; readonly message: string };
}

const child = workflow({ name: "child" }, async (ctx) => ctx.step("in child", () => 1));
const order = workflow({ name: "order" }, async (ctx, fails: boolean) => {
  await ctx.step("charge", () => 1);
  await ctx.step(
    "again",
    ({ attempt }) => {
      if (attempt === 1) throw new TypeError("not yet");
    },
    { retry: { attempts: 2, delay: 1 } },
  );
  await ctx.sleep("nap", 1);
  await ctx.call(child, undefined);
  await ctx.state.run.set("k", 1);
  if (fails) throw new RangeError("order failed");
});
const sealed = workflow({ name: "sealed", encrypt: true }, async (ctx) => {
  await ctx.step("hidden", () => Promise.reject(new Error("PLAINTEXT")));
});

let f: HttpFixture;
let answers: (() => Response | Promise<Response>)[];
let bodies: { readonly path: string; readonly text: string; readonly headers: Headers }[];
let collector: ReturnType<typeof Bun.serve>;
let telemetry: Telemetry;

beforeEach(async () => {
  answers = [];
  bodies = [];
  collector = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: async (request) => {
      const answer = (await answers.shift()?.()) ?? Response.json({});
      if (answer.ok)
        bodies.push({ path: new URL(request.url).pathname, text: await request.text(), headers: request.headers });
      return answer;
    },
  });
  f = await HttpFixture.make({ workflows: [order, child, sealed] });
});
afterEach(async () => {
  await telemetry.stop();
  await collector.stop(true);
  await f[Symbol.asyncDispose]();
});

function listen(limits: Partial<TelemetryLimits> = {}, sample = 1): void {
  telemetry = new Telemetry({
    engine: f.engine,
    store: f.store,
    clock: systemClock,
    log: () => undefined,
    limits: { ...telemetryLimits, telemetryRetryMs: 1, ...limits },
    settings: { endpoint: `http://127.0.0.1:${collector.port}/otlp`, headers: { "x-key": "k1" }, sample },
    teller: { version: "1.2.3", instance: "i1" },
  });
  telemetry.start();
}

async function run(name: string, input: unknown, headers: Record<string, string> = {}): Promise<string> {
  const { body } = await f.post(`/api/v1/workflows/${name}/runs?wait=10s`, { input }, headers);
  return (body as { run: { id: string } }).run.id;
}

/** Everything there is, once the exporter has ended. */
async function sent(): Promise<SentSpan[]> {
  await telemetry.stop();
  return bodies
    .filter(({ path }) => path === "/otlp/v1/traces")
    .flatMap(
      ({ text }) => (JSON.parse(text) as { resourceSpans: { scopeSpans: { spans: SentSpan[] }[] }[] }).resourceSpans,
    )
    .flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans));
}
const attribute = ({ attributes }: SentSpan, name: string): unknown =>
  Object.values(attributes.find(({ key }) => key === name)?.value ?? {})[0];

describe("the spans of a run", () => {
  test("are those of the run, its steps with their attempts, its waits and the runs it calls, in one trace", async () => {
    listen();
    const id = await run("order", false);
    const spans = await sent();
    const { runs } = await f.store.listRuns({ filter: { parent: id }, limit: 1 });
    const called = runs[0]?.id ?? "";
    const named = (name: string): SentSpan[] => spans.filter((span) => span.name === name);
    expect(new Set(spans.map(({ traceId }) => traceId))).toEqual(new Set([traceIdOf(id)]));
    const inOrder = (a: readonly unknown[], b: readonly unknown[]): number => (String(a) < String(b) ? -1 : 1);
    const shape = spans.map(({ spanId, parentSpanId, name }) => [name, spanId, parentSpanId]).toSorted(inOrder);
    const root = spanIdOf(id);
    expect(shape).toEqual(
      [
        ["order", root, undefined],
        ["charge", spanIdOf(id, 0, 1), root],
        ["again", spanIdOf(id, 1), root],
        ["again", spanIdOf(id, 1, 1), spanIdOf(id, 1)],
        ["again", spanIdOf(id, 1, 2), spanIdOf(id, 1)],
        ["sleep nap", spanIdOf(id, 2), root],
        ["call child", spanIdOf(id, 3), root],
        ["child", spanIdOf(called), spanIdOf(id, 3)],
        ["in child", spanIdOf(called, 0, 1), spanIdOf(called)],
      ].toSorted(inOrder),
    );
    expect(named("again").filter(({ status }) => status !== undefined)).toMatchObject([
      { status: { code: 2, message: "not yet" } },
    ]);
    const [whole] = named("order");
    if (whole === undefined) throw new Error("there is no span of the run");
    expect([attribute(whole, "sluice.run.id"), attribute(whole, "sluice.run.status")]).toEqual([id, "completed"]);
    for (const span of spans) expect(BigInt(span.endTimeUnixNano) >= BigInt(span.startTimeUnixNano)).toBe(true);
    expect(bodies[0]?.headers.get("x-key")).toBe("k1");
    expect(f.engine.counters.telemetry_spans_exported).toBe(9);
  });

  test("are part of the trace that the run was started in, unless whoever began that keeps none of it", async () => {
    listen();
    const traceId = "0af7651916cd43dd8448eb211c80319c";
    const id = await run("child", null, { traceparent: `00-${traceId}-b7ad6b7169203331-01` });
    await run("child", null, { traceparent: `00-${traceId.replace("0", "1")}-b7ad6b7169203331-00` });
    const spans = await sent();
    expect(spans.map((span) => [span.traceId, span.spanId, span.parentSpanId])).toEqual([
      [traceId, spanIdOf(id), "b7ad6b7169203331"],
      [traceId, spanIdOf(id, 0, 1), spanIdOf(id)],
    ]);
  });

  test("say what failed, but not of a run that keeps its payloads encrypted", async () => {
    listen();
    await run("order", true);
    await run("sealed", null);
    const spans = await sent();
    expect(spans.find(({ name }) => name === "order")?.status).toEqual({ code: 2, message: "order failed" });
    expect(spans.find(({ name }) => name === "sealed")?.status).toEqual({ code: 2, message: "Error" });
    expect(bodies.some(({ text }) => text.includes("PLAINTEXT"))).toBe(false);
  });

  test("are left out of a long run past the limit, and of traces that are not sampled", async () => {
    listen({ telemetryRunSpansMax: 2 });
    await run("order", false);
    const spans = await sent();
    const whole = spans.find(({ name }) => name === "order");
    expect(whole && attribute(whole, "sluice.spans_left_out")).toBe("5");
    bodies = [];
    listen({}, 0);
    await run("order", false);
    expect(await sent()).toEqual([]);
  });
});

describe("a collector", () => {
  test("that is busy is asked again, one that refuses is not, and what was let go is counted", async () => {
    listen();
    answers = [() => new Response("", { status: 503 }), () => new Response("", { status: 429 })];
    await run("child", null);
    while (f.engine.counters.telemetry_spans_exported !== 2) await new Promise((resolve) => void setImmediate(resolve));
    answers = [() => new Response("", { status: 400 })];
    await run("child", null);
    while (f.engine.counters.telemetry_spans_dropped !== 2) await new Promise((resolve) => void setImmediate(resolve));
    expect(await (await f.http.fetch(f.request("/metrics"), f.connections)).text()).toContain(
      "sluice_telemetry_spans_dropped_total 2",
    );
  });

  test("that does not answer holds up no run; past the limit runs are not exported, and counted", async () => {
    const held = Promise.withResolvers<Response>();
    listen({ telemetryRunsMax: 2, telemetryStopMs: 1 });
    answers = Array.from({ length: 20 }, () => () => held.promise);
    for (let i = 0; i < 8; i++) await run("child", null);
    expect(f.engine.counters.telemetry_runs_dropped).toBeGreaterThan(0);
    await telemetry.stop();
    held.resolve(Response.json({}));
    expect(f.engine.counters.telemetry_spans_exported).toBeUndefined();
  });
});

test("figures are reported from time to time, with those of the engine", async () => {
  listen({ telemetryMetricsMs: 1 });
  await run("child", null);
  while (!bodies.some(({ path }) => path === "/otlp/v1/metrics"))
    await new Promise((resolve) => void setImmediate(resolve));
  await telemetry.stop();
  const last = bodies.findLast(({ path }) => path === "/otlp/v1/metrics")?.text ?? "";
  type Sent = {
    resourceMetrics: { scopeMetrics: { metrics: { name: string; sum?: { isMonotonic: boolean } }[] }[] }[];
  };
  const metrics = (JSON.parse(last) as Sent).resourceMetrics[0]?.scopeMetrics[0]?.metrics ?? [];
  expect(metrics.find(({ name }) => name === "sluice.runs_completed")?.sum).toMatchObject({
    isMonotonic: true,
    dataPoints: [{ asDouble: 1 }],
  });
  expect(metrics.map(({ name }) => name)).toContain("sluice.runs_hot");
});
