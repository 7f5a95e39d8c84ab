import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { workflow } from "@sluice/sdk";
import { HttpFixture } from "../http-fixture.ts";

const echo = workflow<unknown>({ name: "echo" }, async (ctx, input) => ctx.step("same", () => input));

let f: HttpFixture;
beforeAll(async () => {
  f = await HttpFixture.make({ workflows: [echo] });
  for (let i = 0; i < 3; i++) await f.post("/api/v1/workflows/echo/runs?wait=5s", {});
  await f.get("/api/v1/runs/run_none");
  await f.get("/no/such/path");
});
afterAll(async () => f[Symbol.asyncDispose]());

describe("metrics", () => {
  test("are Prometheus text in which every sample has a type", async () => {
    const { status, headers, body } = await f.get("/metrics");
    expect(status).toBe(200);
    expect(headers.get("content-type")).toStartWith("text/plain; version=0.0.4");
    const lines = String(body).trimEnd().split("\n");
    const typed = new Set<string>();
    for (const line of lines) {
      const type = /^# TYPE (\w+) (?:gauge|counter|histogram)$/.exec(line)?.[1];
      if (type !== undefined) {
        expect(typed.has(type)).toBe(false);
        typed.add(type);
      }
      if (line.startsWith("#")) continue;
      const name = /^([a-z_]+)(?:\{(?:[a-z]+="[^"\\\n]*",?)+\})? -?[\d.e+-]+$/.exec(line)?.[1];
      expect({
        line,
        known: (name !== undefined && typed.has(name.replace(/_(?:bucket|sum|count)$/, ""))) || typed.has(name ?? ""),
      }).toEqual({ line, known: true });
    }
    expect(lines).toContain('sluice_runs{status="completed"} 3');
    expect(lines).toContain("sluice_runs_started_total 3");
    expect(lines).toContain('sluice_http_requests_total{route="startRun",status="2xx"} 3');
    expect(lines).toContain('sluice_http_requests_total{route="getRun",status="4xx"} 1');
    expect(lines).toContain('sluice_http_requests_total{route="consolePage",status="4xx"} 1');
    expect(lines).toContain('sluice_http_request_duration_seconds_count{route="startRun"} 3');
    expect(lines).toContain("sluice_run_duration_seconds_count 3");
  });

  test("are a page of the console for a browser, whoever it is", async () => {
    const accept = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
    const page = await f.send("/metrics", { token: null, headers: { accept } });
    expect(page.headers.get("content-type")).toStartWith("text/html");
    expect(page.headers.get("content-security-policy")).toContain("script-src 'self'");
    const collector = "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5,*/*;q=0.1";
    const figures = await f.send("/metrics", { headers: { accept: collector } });
    expect(figures.headers.get("content-type")).toStartWith("text/plain; version=0.0.4");
    expect((await f.send("/metrics", { token: null, headers: { accept: collector } })).status).toBe(401);
  });

  test("are a report with percentiles as JSON", async () => {
    const { body } = await f.get("/metrics?format=json");
    expect(body.runs).toMatchObject({ completed: 3, hot: 0 });
    expect(body.memory.rssBytes).toBeGreaterThan(1_000_000);
    const { startRun } = body.durationsMs.requests;
    expect(Object.keys(startRun).toSorted()).toEqual(["average", "count", "max", "min", "p50", "p95", "p99"]);
    expect(startRun.count).toBe(3);
    expect(startRun.min).toBeLessThanOrEqual(startRun.p50);
    expect(startRun.p50).toBeLessThanOrEqual(startRun.max);
    expect(body.durationsMs.runs.count).toBe(3);
  });

  test("do not grow with what clients send", async () => {
    const count = async () => String((await f.get("/metrics")).body).split("\n").length;
    await f.get("/api/v1/runs/first");
    const before = await count();
    for (let i = 0; i < 50; i++) await f.get(`/api/v1/runs/other-${i}`);
    for (let i = 0; i < 50; i++) await f.get(`/nowhere/${i}`);
    expect(await count()).toBe(before);
  });
});

describe("health", () => {
  test("says that it is up, what it is and what it takes", async () => {
    const { status, body } = await f.send("/health", { token: null });
    expect(status).toBe(200);
    expect(body).toMatchObject({ status: "ok", version: "0.0.0-test" });
    expect(body.uptimeMs).toBeGreaterThanOrEqual(0);
    expect(body.memory.rssBytes).toBeGreaterThan(body.memory.heapUsedBytes);
  });

  test("is another thing than readiness", async () => {
    await using down = await HttpFixture.make({ http: { ready: () => ({ ready: false, reason: "Building." }) } });
    expect((await down.send("/health", { token: null })).status).toBe(200);
    const { status, body, headers } = await down.send("/ready", { token: null });
    expect(status).toBe(503);
    expect(body.error).toMatchObject({ code: "unavailable", message: "Building.", hint: expect.any(String) });
    expect(headers.get("retry-after")).toBe("1");
  });

  test("says when the server is stopping", async () => {
    const stopping = await HttpFixture.make({ workflows: [echo] });
    await stopping.engine.stop(0);
    expect((await stopping.send("/health", { token: null })).body.status).toBe("draining");
    expect((await stopping.send("/ready", { token: null })).status).toBe(503);
    expect((await stopping.post("/api/v1/workflows/echo/runs", {})).body.error).toMatchObject({
      code: "draining",
      hint: expect.any(String),
    });
  });
});
