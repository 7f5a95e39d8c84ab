// Metrics over HTTP: values and samples in, reports and PromQL out.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { routes } from "@sluice/protocol/http";
import type { RouteName } from "@sluice/protocol/http";
import { connect } from "@sluice/sdk";
import { logLimits, systemClock } from "@sluice/core";
import { asking } from "../contract-fixture.suite.ts";
import { HttpFixture, token } from "../http-fixture.ts";
import { openLogs } from "../logs/log-desk.ts";
import type { LogDesk } from "../logs/log-desk.ts";
import { metricsOf } from "../metrics/first-use.ts";

const visited = new Set<RouteName>();
const folder = mkdtempSync(join(tmpdir(), "sluice-metric-routes-"));
let desk: Promise<LogDesk> | undefined;
const log = (): void => undefined;
const figures = metricsOf({ folder: join(folder, "metrics"), log, settings: { limits: {} } });
let f: HttpFixture;
beforeAll(async () => {
  const logs = (): Promise<LogDesk> =>
    (desk ??= openLogs({ folder: join(folder, "logs"), clock: systemClock, log, limits: logLimits }));
  f = await HttpFixture.make({ http: { figures, logs } });
});
afterAll(async () => {
  await figures.stop();
  await (await desk)?.close();
  await f[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});
const ask = asking(() => f, visited);
const q = (parameters: Readonly<Record<string, string>>): string => `?${new URLSearchParams(parameters).toString()}`;

describe("values that programs record", () => {
  test("are listed and reported, whole batches or nothing", async () => {
    const metrics = [1, 2, 3].map((value) => ({ name: "took_ms", value, labels: { route: "a" } }));
    expect((await ask("recordMetrics", [], { body: { metrics } })).body).toEqual({ recorded: 3 });
    await ask("recordMetrics", [], { body: { name: "jobs_total", value: 2, kind: "counter" } });
    const mixed = {
      metrics: [
        { name: "jobs_total", value: 1, kind: "counter" },
        { name: "no name", value: 1 },
      ],
    };
    expect((await ask("recordMetrics", [], { body: mixed })).status).toBe(400);
    const listed = (await ask("listMetrics", [], { query: "?name=jobs_total" })).body.metrics;
    expect(listed).toMatchObject([{ name: "jobs_total", kind: "counter", value: 2 }]);
    const { metrics: reported, current } = (await ask("reportMetrics", [], { query: "?name=took_ms" })).body;
    expect(reported).toMatchObject([{ labels: { route: "a" }, summary: { count: 3, min: 1, max: 3, average: 2 } }]);
    expect(reported[0].history.length).toBeGreaterThan(0);
    expect(current).toHaveLength(1);
  });

  test.each([
    [{}],
    [{ name: "a", value: "1" }],
    [{ name: "a", value: 1, kind: "other" }],
    [{ name: "a", value: 1, labels: [] }],
    [{ name: "a", value: 1, labels: { b: 1 } }],
    [{ metrics: {} }],
    [{ metrics: [7] }],
    [{ name: "jobs_total", value: 1, kind: "gauge" }],
  ])("are not %j", async (body) => {
    expect((await ask("recordMetrics", [], { body })).status).toBe(400);
  });

  test("stand in the text for Prometheus and in the report of the server", async () => {
    const text = String((await f.get("/metrics")).body);
    expect(text).toContain('took_ms_count{route="a"} 3');
    const { body } = await ask("metrics", [], { query: "?format=json" });
    expect(body.recorded.map(({ name }: { name: string }) => name)).toContain("took_ms");
    expect((await ask("reportMetrics", [], { query: "?from=2&to=1" })).status).toBe(400);
  });

  test("go through the client of the SDK", async () => {
    const fetch = (url: string, init: RequestInit) => f.http.fetch(new Request(url, init), f.connections);
    await using client = connect({ url: "http://127.0.0.1:7890", token, fetch: async (url, init) => fetch(url, init) });
    await client.metrics.record("depth", 4, { kind: "gauge", labels: { queue: "q" } });
    const report = await client.metrics.report({ name: "depth" });
    expect(report.metrics).toMatchObject([{ labels: { queue: "q" }, kind: "gauge", summary: { max: 4 } }]);
    const written = await client.logs.write([{ message: "hello there", user: "ada" }, "plain"], {
      labels: { service: "sdk" },
      idempotencyKey: "k1",
    });
    expect(written).toEqual({ accepted: 2, rejections: 0, duplicate: false });
    expect((await client.logs.write("alone")).accepted).toBe(1);
    const found = await client.logs.query("service:=sdk hello", { limit: 5 });
    expect(found.entries).toMatchObject([{ line: "hello there", fields: { user: "ada" } }]);
    const lines: string[] = [];
    const ended = new AbortController();
    for await (const { line } of client.logs.tail("service:=sdk", { last: 2, signal: ended.signal })) {
      lines.push(line);
      if (lines.length === 2) break;
    }
    expect(lines.toSorted()).toEqual(["hello there", "plain"]);
  });

  test("of queries are how long each took", async () => {
    await f.post("/api/v1/logs/query", { query: "hello" });
    await f.get(`/loki/api/v1/query_range${q({ query: '{service="sdk"}' })}`);
    await ask("queryProm", [], { query: q({ query: "up" }) });
    const { metrics } = (await ask("listMetrics", [], { query: "?name=query_duration" })).body;
    const kinds = metrics.map(({ labels }: { labels: { kind: string } }) => labels.kind).toSorted();
    expect(kinds).toEqual(["logql", "logs", "promql"]);
  });
});

const nowNs = String(Date.now() * 1_000_000);
const exported = (name: string, more: object = {}) => ({
  resourceMetrics: [
    {
      resource: { attributes: [{ key: "service.name", value: { stringValue: "shop" } }] },
      scopeMetrics: [
        {
          metrics: [
            {
              name,
              sum: {
                isMonotonic: true,
                aggregationTemporality: 2,
                dataPoints: [{ asInt: "7", timeUnixNano: nowNs }],
                ...more,
              },
            },
          ],
        },
      ],
    },
  ],
});

describe("samples of others", () => {
  test("come from OpenTelemetry, packed too, and what is not taken is said", async () => {
    expect((await ask("pushOtlpMetrics", [], { body: exported("orders") })).body).toEqual({});
    const packed = Bun.gzipSync(JSON.stringify(exported("packed")));
    const headers = { "content-type": "application/json", "content-encoding": "gzip" };
    expect((await f.send("/v1/metrics", { method: "POST", headers, body: packed })).status).toBe(200);
    const part = await ask("pushOtlpMetrics", [], { body: exported("delta", { aggregationTemporality: 1 }) });
    expect(part.body.partialSuccess).toMatchObject({ rejectedDataPoints: "1" });
    const { body } = await ask("queryProm", [], { query: q({ query: '{job="shop"}' }) });
    expect(
      body.data.result.map(({ metric, value }: { metric: Record<string, string>; value: [number, string] }) => [
        metric["__name__"],
        value[1],
      ]),
    ).toEqual([
      ["orders_total", "7"],
      ["packed_total", "7"],
    ]);
    const proto = { "content-type": "application/x-protobuf" };
    const wrong = await f.send("/v1/metrics", { method: "POST", headers: proto, body: Uint8Array.of(10, 99) });
    expect([wrong.status, wrong.headers.get("content-type")]).toEqual([400, "application/x-protobuf"]);
    const empty = await f.send("/v1/metrics", { method: "POST", headers: proto, body: new Uint8Array(0) });
    expect(empty.status).toBe(200);
    expect(
      (await f.send("/v1/metrics", { method: "POST", headers: { "content-type": "text/plain" }, body: "x" })).status,
    ).toBe(415);
  });

  test("come as Prometheus writes them", async () => {
    const bytes = (...parts: readonly (string | number)[]) =>
      Buffer.concat(parts.map((part) => (typeof part === "number" ? Buffer.from([part]) : Buffer.from(part))));
    const sized = (tag: number, inner: Uint8Array) => Buffer.concat([Buffer.from([tag, inner.length]), inner]);
    const label = (name: string, value: string) =>
      sized(10, Buffer.concat([sized(10, bytes(name)), sized(18, bytes(value))]));
    const time = (ms: number) => {
      const out = [16];
      for (let rest = BigInt(ms); ; rest >>= 7n) {
        out.push(Number(rest & 127n) | (rest > 127n ? 128 : 0));
        if (rest <= 127n) return Buffer.from(out);
      }
    };
    const write = (name: string) => {
      const value = Buffer.concat([Buffer.from([9]), Buffer.from(Float64Array.of(2.5).buffer)]);
      const sample = sized(18, Buffer.concat([value, time(Date.now())]));
      const raw = sized(10, Buffer.concat([label("__name__", name), label("job", "remote"), sample]));
      // One literal of Snappy.
      return Buffer.concat([Buffer.from([raw.length, 60 << 2, raw.length - 1]), raw]);
    };
    const send = (body: Uint8Array) =>
      f.send("/prom/api/v1/write", {
        method: "POST",
        headers: { "content-type": "application/x-protobuf", "content-encoding": "snappy" },
        body,
      });
    expect((await send(write("temperature"))).status).toBe(204);
    expect((await send(write("no name"))).body.error.code).toBe("invalid_input");
    expect((await send(Buffer.from("nonsense"))).status).toBe(400);
    visited.add("writeProm");
    const { body } = await ask("queryProm", [], { query: q({ query: "temperature * 2" }) });
    expect(body.data.result).toMatchObject([{ metric: { job: "remote" }, value: [expect.any(Number), "5"] }]);
  });
});

describe("what Grafana asks", () => {
  test("are values at a moment of each kind, and over a span", async () => {
    const at = async (query: string) => (await ask("queryProm", [], { query: q({ query }) })).body.data;
    expect((await at("1 + 1")).result[1]).toBe("2");
    expect(await at('"x"')).toMatchObject({ resultType: "string", result: [expect.any(Number), "x"] });
    expect((await at("orders_total[5m]")).result[0].values).toHaveLength(1);
    const end = String(Math.ceil(Date.now() / 1_000) + 1);
    const span = { query: "sum(orders_total)", start: String(Number(end) - 60), end, step: "15s" };
    const range = await ask("queryPromRange", [], { method: "POST", query: q(span) });
    expect(range.body.data).toMatchObject({ resultType: "matrix", result: [{ metric: {} }] });
    expect(
      (await ask("queryPromRange", [], { query: q({ ...span, query: "1" }) })).body.data.result[0].values,
    ).toHaveLength(5);
  });

  test("are labels, series, metadata and the version", async () => {
    const match = { "match[]": "orders_total" };
    expect((await ask("listPromLabels", [], { query: q(match) })).body.data).toEqual(["__name__", "job"]);
    expect((await ask("listPromLabelValues", ["job"])).body.data).toEqual(["remote", "shop"]);
    expect((await ask("listPromSeries", [], { query: q(match) })).body.data).toEqual([
      { __name__: "orders_total", job: "shop" },
    ]);
    expect((await f.get("/prom/api/v1/series")).status).toBe(400);
    expect((await ask("promMetadata", [], { query: "?metric=orders_total" })).body.data).toEqual({
      orders_total: [{ type: "counter", help: "", unit: "" }],
    });
    expect((await ask("promBuild")).body.data.version).toBe("2.42.0");
  });

  test.each([
    ["/query?query=sum(", 400, "bad_data", "at character 5"],
    ["/query?query=nope(a)", 400, "bad_data", "nope is not known here"],
    ["/query", 400, "bad_data", "it is missing"],
    ["/query?query=1&time=x", 400, "bad_data", "valid timestamp"],
    [`/query${q({ query: '-{__name__=~"orders_total|packed_total"}' })}`, 422, "execution", "same labelset"],
    ["/query_range?query=a&start=2&end=1&step=1", 400, "bad_data", "must not be before start"],
    ["/query_range?query=a&start=1&end=2&step=0", 400, "bad_data", "zero or negative"],
    ["/query_range?query=a&start=1&end=2&step=x", 400, "bad_data", "zero or negative"],
    ["/query_range?query=a&start=1&end=20000&step=1", 400, "bad_data", "exceeded maximum resolution"],
    ["/query_range?query=a[5m]&start=1&end=2&step=1", 400, "bad_data", "range vector"],
    ["/metadata?limit=x", 400, "bad_data", "must be a number"],
    ["/series?match[]=sum(a)", 400, "bad_data", "no selector"],
  ])("is not %s", async (path, status, errorType, message) => {
    const { status: found, body } = await f.get(`/prom/api/v1${path}`);
    expect([found, body.status, body.errorType]).toEqual([status, "error", errorType]);
    expect(body.error).toContain(message);
  });

  test("takes tokens as Grafana sends them", async () => {
    const headers = { authorization: `Basic ${btoa(`any:${token}`)}` };
    expect((await f.send("/prom/api/v1/query?query=1", { token: null, headers })).status).toBe(200);
    expect((await f.send("/prom/api/v1/query?query=1", { token: null })).status).toBe(401);
  });
});

test("without metrics nothing is lost but them", async () => {
  await using bare = await HttpFixture.make({});
  expect((await bare.get("/prom/api/v1/query?query=1")).status).toBe(503);
  expect((await bare.get("/metrics")).status).toBe(200);
});

test("every route of metrics was asked", () => {
  const own = (Object.keys(routes) as RouteName[]).filter((name) => routes[name].tag === "metrics");
  expect(own.filter((name) => !visited.has(name))).toEqual([]);
});
