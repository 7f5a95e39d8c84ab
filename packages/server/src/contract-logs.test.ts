// The routes of logs answer what the API document says.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { logLimits, systemClock } from "@sluice/core";
import { routes } from "@sluice/protocol/http";
import type { RouteName } from "@sluice/protocol/http";
import { asking } from "./contract-fixture.suite.ts";
import { HttpFixture } from "./http-fixture.ts";
import { openLogs } from "./logs/log-desk.ts";
import type { LogDesk } from "./logs/log-desk.ts";

const visited = new Set<RouteName>();
const folder = mkdtempSync(join(tmpdir(), "sluice-contract-logs-"));
let desk: Promise<LogDesk> | undefined;
let f: HttpFixture;
beforeAll(async () => {
  const log = (): void => undefined;
  const logs = (): Promise<LogDesk> => (desk ??= openLogs({ folder, clock: systemClock, log, limits: logLimits }));
  f = await HttpFixture.make({ http: { logs } });
});
afterAll(async () => {
  await (await desk)?.store.close();
  await f[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

const ask = asking(() => f, visited);

test("answers are what the API document says", async () => {
  const entries = [{ message: "a", n: 1, ok: true, time: "2026-01-01T00:00:00.000000001Z" }, { time: "never" }];
  expect((await ask("writeLogs", [], { body: { labels: { service: "api" }, entries } })).body.accepted).toBe(1);
  expect((await ask("writeLogs", [], { body: { message: "alone" } })).status).toBe(200);
  expect(
    (await ask("queryLogs", [], { body: { query: "service:=api", limit: 5, from: 0, to: 9e12 } })).body.entries,
  ).toHaveLength(1);
  expect(
    (await ask("queryLogs", [], { body: { query: "* | stats by (level) count(), max(nothing)" } })).body.rows,
  ).toHaveLength(1);
  expect((await ask("queryLogs", [], { body: { query: "(" } })).status).toBe(400);
  const push = { streams: [{ stream: { a: "b" }, values: [["1", "x"]] }] };
  expect((await ask("pushLokiLogs", [], { body: push })).status).toBe(204);
  expect((await ask("pushOtlpLogs", [], { body: { resourceLogs: [] } })).status).toBe(200);
  const records = [{ timeUnixNano: "x" }];
  const exported = { resourceLogs: [{ scopeLogs: [{ logRecords: records }] }] };
  expect((await ask("pushOtlpLogs", [], { body: exported })).body.partialSuccess).toBeDefined();
  // One line of an action that holds its document's place: what is answered is what counts.
  expect((await ask("bulkElastic", [], { body: { delete: { _index: "a" } } })).body.errors).toBe(true);
  expect((await ask("bulkElasticIndex", ["a"], { body: { delete: {} } })).body.errors).toBe(true);
  expect((await ask("askElastic", ["_license"])).status).toBe(200);
  expect((await ask("pushDatadogLogs", [], { body: { message: "x" } })).status).toBe(202);
  expect((await ask("pushSplunkEvents", [], { body: { event: "x" } })).status).toBe(200);
  expect((await ask("pushSplunkEventsTyped", [], { body: { event: "x" } })).status).toBe(200);
  expect((await ask("pushSplunkRaw", [], { body: "x" })).status).toBe(200);
  expect((await ask("splunkHealth")).status).toBe(200);
  expect((await ask("pushGelf", [], { body: { short_message: "x" } })).status).toBe(202);
  expect((await ask("pushClef", [], { body: { "@m": "x" } })).status).toBe(201);
  const journal = { "content-type": "application/vnd.fdo.journal" };
  expect((await ask("uploadJournal", [], { method: "POST", headers: journal })).status).toBe(202);
  const { headers } = await f.send("/api/v1/logs/tail", { method: "HEAD" });
  expect(headers.get("content-type")).toContain("text/event-stream");
  visited.add("tailLogs");
  const gone = { query: "service:=nobody", from: 0, to: "2026-01-01T00:00:00Z" };
  expect((await ask("deleteLogs", [], { body: gone })).status).toBe(202);
  // What is said on it is tested beside it, in logs/log-socket.test.ts.
  expect((await ask("connectLogs")).status).toBe(400);
});

test("answers of Loki's read API are what the API document says", async () => {
  const selector = `?query=${encodeURIComponent('{a="b"}')}`;
  const count = `?query=${encodeURIComponent('count_over_time({a="b"}[1m])')}`;
  expect((await ask("queryLoki", [], { query: count })).status).toBe(200);
  expect((await ask("queryLoki", [], { method: "POST" })).status).toBe(400);
  for (const name of [
    "queryLokiRange",
    "lokiStats",
    "lokiVolume",
    "lokiVolumeRange",
    "detectLokiFields",
    "lokiPatterns",
  ] as const)
    expect((await ask(name, [], { query: selector })).status).toBe(200);
  for (const name of ["listLokiLabels", "listLokiSeries", "detectLokiLabels", "lokiBuild"] as const)
    expect((await ask(name)).status).toBe(200);
  expect((await ask("listLokiLabelValues", ["a"])).status).toBe(200);
});

test("every route of logs was asked", () => {
  const ofLogs = (Object.keys(routes) as RouteName[]).filter((name) => routes[name].tag === "logs");
  expect(ofLogs.filter((name) => !visited.has(name))).toEqual([]);
});
