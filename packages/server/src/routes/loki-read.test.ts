import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { logLimits, systemClock } from "@sluice/core";
import { HttpFixture } from "../http-fixture.ts";
import { openLogs } from "../logs/log-desk.ts";
import type { LogDesk } from "../logs/log-desk.ts";

let folder = "";
let desk: Promise<LogDesk> | undefined;
let f: HttpFixture;
/** Seconds of a minute's beginning, some minutes ago. */
const base = Math.floor(Date.now() / 60_000) * 60 - 600;
const nsAt = (second: number, ns = 0): string => String(BigInt(base + second) * 1_000_000_000n + BigInt(ns));

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "sluice-loki-"));
  const logs = (): Promise<LogDesk> =>
    (desk ??= openLogs({ folder, clock: systemClock, log: () => undefined, limits: logLimits }));
  f = await HttpFixture.make({ http: { logs } });
  const json = (status: number, ms: string): string =>
    JSON.stringify({ status, took: ms, user: { name: "ada", tags: ["x"] } });
  const { status } = await f.post("/loki/api/v1/push", {
    streams: [
      {
        stream: { app: "shop", env: "prod" },
        values: [
          [nsAt(0), json(200, "10ms"), { trace: "t-1" }],
          [nsAt(10), json(500, "1.5s"), { trace: "t-2" }],
          [nsAt(60, 1), json(404, "20ms")],
          [nsAt(70), "no json at all"],
        ],
      },
      {
        stream: { app: "mail", env: "prod" },
        values: [
          [nsAt(5), 'level=warn msg="a b" bytes=12KB n=3'],
          [nsAt(65), "level=error n=x"],
        ],
      },
      { stream: { app: "shop", env: "test" }, values: [[nsAt(1), "127.0.0.1 GET /a?b=1 200"]] },
    ],
  });
  expect(status).toBe(204);
});
afterAll(async () => {
  await (await desk)?.close();
  await f[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

async function ask(path: string, params: Record<string, string>, headers: Record<string, string> = {}) {
  const request = f.request(`/loki/api/v1/${path}?${new URLSearchParams(params).toString()}`, { headers });
  const response = await f.http.fetch(request, f.connections);
  const text = await response.text();
  const isJson = response.headers.get("content-type")?.startsWith("application/json") === true;
  return { status: response.status, headers: response.headers, text, body: isJson ? JSON.parse(text) : null };
}
const span = { start: nsAt(0), end: nsAt(120) };

test("lines have patterns, counted at each step", async () => {
  const asked = { query: '{app="mail"}', ...span, step: "1m" };
  const { body } = await ask("patterns", asked);
  expect(body.data).toEqual([
    { pattern: "level=error n=x", samples: [[base + 60, 1]] },
    { pattern: 'level=warn msg="a b" bytes=<_> n=<_>', samples: [[base, 1]] },
  ]);
  expect((await ask("patterns", { ...asked, query: 'count_over_time({app="mail"}[1m])' })).status).toBe(400);
});

async function linesOf(query: string, more: Record<string, string> = {}): Promise<string[]> {
  const { status, body, text } = await ask("query_range", { query, ...span, ...more });
  expect({ status, text: status === 200 ? "" : text }).toEqual({ status: 200, text: "" });
  const streams = body.data.result as { values: [string, string][] }[];
  return streams
    .flatMap(({ values }) => values)
    .toSorted(([a], [b]) => (BigInt(a) < BigInt(b) ? -1 : 1))
    .map(([, line]) => line);
}

/** What a metric says at one moment, by its labels. */
async function valuesOf(query: string, second = 120): Promise<Record<string, string>> {
  const { status, body, text } = await ask("query", { query, time: nsAt(second) });
  expect({ status, text: status === 200 ? "" : text }).toEqual({ status: 200, text: "" });
  const result = body.data.result as { metric: Record<string, string>; value: [number, string] }[];
  return Object.fromEntries(
    result.map(({ metric, value }) => [
      Object.entries(metric)
        .map((pair) => pair.join("="))
        .toSorted((a, b) => (a < b ? -1 : 1))
        .join(","),
      value[1],
    ]),
  );
}

describe("lines", () => {
  test("are found by the labels of their streams", async () => {
    expect(await linesOf(`{app="shop", env!="test"}`)).toHaveLength(4);
    expect(await linesOf(`{app=~"shop|mail", env="prod"}`)).toHaveLength(6);
    expect(await linesOf(`{app=~"sho"}`)).toEqual([]);
    expect(await linesOf(`{app!~"m.*", env="test"}`)).toHaveLength(1);
    // A field beside the line is no label of the stream.
    expect(await linesOf(`{trace="t-1"}`)).toEqual([]);
  });

  test("come from the beginning to before the end, in the direction that is asked for", async () => {
    expect(await linesOf(`{app="shop", env="prod"}`, { start: nsAt(10), end: nsAt(60, 1) })).toHaveLength(1);
    expect(await linesOf(`{app="shop", env="prod"}`, { start: nsAt(60, 1), end: nsAt(60, 2) })).toHaveLength(1);
    expect(await linesOf(`{app="shop", env="prod"}`, { limit: "1" })).toEqual(["no json at all"]);
    expect((await linesOf(`{app="shop", env="prod"}`, { limit: "1", direction: "forward" }))[0]).toContain(
      '"status":200',
    );
  });

  test("are filtered by what stands in them", async () => {
    expect(await linesOf(`{env="prod"} |= "status" != "404"`)).toHaveLength(2);
    expect(await linesOf(`{env="prod"} |~ "(?i)LEVEL=(warn|error)"`)).toHaveLength(2);
    expect(await linesOf(`{env="prod"} !~ "status|level"`)).toEqual(["no json at all"]);
    expect(await linesOf(`{env=~".+"} |= "no json" or "GET"`)).toHaveLength(2);
    expect(await linesOf(`{env=~".+"} |> "<_>GET <_> 200"`)).toHaveLength(1);
  });

  test("give labels, which can be compared", async () => {
    expect(await linesOf(`{app="shop"} | json | status >= 400 and status != 404 | __error__=""`)).toHaveLength(1);
    // A line without the label does not fit; a value that is no number goes on, so that the fault is seen.
    expect(await linesOf(`{app="shop"} | json | status >= 400 and status != 404`)).toHaveLength(1);
    expect(await linesOf(`{app="shop"} | json | user_name > 1`)).toHaveLength(3);
    expect(await linesOf(`{app="shop"} | json | __error__="" | took > 15ms`)).toHaveLength(2);
    expect(
      await linesOf(`{app="shop"} | json | user_name="ada" | line_format "{{.status}} {{ .user_name | ToUpper }}"`),
    ).toEqual(["200 ADA", "500 ADA", "404 ADA"]);
    expect(await linesOf(`{app="mail"} | logfmt | bytes > 10KB | line_format "{{.msg}}"`)).toEqual(["a b"]);
    expect(
      await linesOf(`{app="shop"} | json code="status", first="user.tags[0]" | first="x" | line_format "{{.code}}"`),
    ).toEqual(["200", "500", "404"]);
    expect(
      await linesOf(
        '{env="test"} | pattern "<ip> <method> <path>?<_> <status>" | line_format "{{.method}} {{.path}} {{.status}} {{.ip}}"',
      ),
    ).toEqual(["GET /a 200 127.0.0.1"]);
    expect(
      await linesOf(
        '{env="test"} | regexp `(?P<verb>[A-Z]+) (?P<path>/\\w+)` | label_format p=path, both="{{.verb}} {{.path}}" | line_format "{{.p}} {{.both}} {{.path}}"',
      ),
    ).toEqual(["/a GET  "]);
    expect(await linesOf(`{app="shop", trace="t-1"} | trace="t-1"`)).toEqual([]);
    expect(await linesOf(`{app="shop"} | trace="t-1"`)).toHaveLength(1);
  });

  test("say which of their labels come from where, when they are asked to", async () => {
    const query = `{app="shop"} | trace="t-2" | json | drop took`;
    const { body } = await ask(
      "query_range",
      { query, ...span },
      { "x-loki-response-encoding-flags": "categorize-labels" },
    );
    expect(body.data.encodingFlags).toEqual(["categorize-labels"]);
    expect(body.data.result).toEqual([
      {
        stream: { app: "shop", env: "prod" },
        values: [
          [
            nsAt(10),
            expect.stringContaining('"status":500'),
            {
              structuredMetadata: { trace: "t-2", detected_level: expect.any(String) },
              parsed: { status: "500", user_name: "ada" },
            },
          ],
        ],
      },
    ]);
  });
});

describe("values", () => {
  test("are counted in ranges that leave out their beginning and hold their end", async () => {
    expect(await valuesOf(`sum by (app) (count_over_time({env="prod"}[1m]))`, 60)).toEqual({
      "app=mail": "1",
      "app=shop": "1",
    });
    expect(await valuesOf(`sum(count_over_time({app="shop", env="prod"}[60s]))`, 70)).toEqual({ "": "2" });
    expect(await valuesOf(`sum(count_over_time({app="shop", env="prod"}[1m] offset 1m))`, 120)).toEqual({ "": "1" });
    expect(await valuesOf(`sum(rate({env="prod"}[2m]))`)).toEqual({ "": "0.041666666666666664" });
    expect(await valuesOf(`sum(bytes_over_time({env="test"}[2m]))`)).toEqual({ "": "24" });
  });

  test("come out of lines", async () => {
    const took = `{app="shop", env="prod"} | json | __error__="" | drop status, user_name, trace, detected_level`;
    expect(await valuesOf(`max_over_time(${took} | unwrap duration(took) [2m])`)).toEqual({
      "app=shop,env=prod": "1.5",
    });
    expect(await valuesOf(`quantile_over_time(0.5, ${took} | unwrap duration(took) [3m]) by (app)`)).toEqual({
      "app=shop": "0.02",
    });
    expect(await valuesOf(`sum_over_time({app="mail"} | logfmt | unwrap bytes(bytes) [2m])`)).toEqual({
      "app=mail,detected_level=warn,env=prod,level=warn,msg=a b,n=3": "12000",
    });
    expect(
      await valuesOf(`sum by (env) (sum_over_time({app="mail"} | logfmt | unwrap n | __error__="" [2m]))`),
    ).toEqual({ "env=prod": "3" });
  });

  test("are calculated with", async () => {
    expect(
      await valuesOf(`sum(count_over_time({app="shop"}[2m])) / sum(count_over_time({env=~".+"}[2m])) * 100`),
    ).toEqual({ "": "66.66666666666666" });
    expect(await valuesOf(`topk(1, sum by (app) (count_over_time({env="prod"}[2m])))`)).toEqual({ "app=shop": "3" });
    expect(await valuesOf(`sum by (app) (count_over_time({env="prod"}[2m])) > 2`)).toEqual({ "app=shop": "3" });
    expect(await valuesOf(`sum by (app) (count_over_time({env="prod"}[2m])) > bool 2`)).toEqual({
      "app=mail": "0",
      "app=shop": "1",
    });
    expect(
      await valuesOf(
        `sum by (app) (count_over_time({env="prod"}[2m])) unless on (app) sum by (app) (count_over_time({app="mail"}[2m]))`,
      ),
    ).toEqual({ "app=shop": "3" });
    expect(await valuesOf(`absent_over_time({app="nothing", env=~".+"}[2m])`)).toEqual({ "app=nothing": "1" });
    expect(
      await valuesOf(`label_replace(sum by (app) (count_over_time({app="mail"}[2m])), "who", "$1-box", "app", "(.*)")`),
    ).toEqual({ "app=mail,who=mail-box": "2" });
    const { body } = await ask("query", { query: "1 + 2 * 3 ^ 2", time: "1700000000" });
    expect(body.data).toMatchObject({ resultType: "scalar", result: [1_700_000_000, "19"] });
  });

  test("stand at each step of a span", async () => {
    const { body } = await ask("query_range", {
      query: `sum(count_over_time({env="prod"}[1m]))`,
      start: nsAt(0),
      end: nsAt(120),
      step: "60",
    });
    expect(body.data.resultType).toBe("matrix");
    expect(body.data.result).toEqual([
      {
        metric: {},
        values: [
          [base, "1"],
          [base + 60, "2"],
          [base + 120, "3"],
        ],
      },
    ]);
  });

  test("are not made of lines that a stage could not read, unless those are left out", async () => {
    const { status, text } = await ask("query", {
      query: `count_over_time({app="shop"} | json [2m])`,
      time: nsAt(120),
    });
    expect(status).toBe(400);
    expect(text).toContain("pipeline error: 'JSONParserErr'");
    expect(
      Object.keys(await valuesOf(`count_over_time({app="shop", env="prod"} | json | __error__="" [2m])`)),
    ).toHaveLength(2);
  });
});

describe("what Grafana asks besides", () => {
  test("labels, their values and series", async () => {
    expect((await ask("labels", span)).body.data).toEqual(["app", "env"]);
    expect((await ask("label/app/values", { ...span, query: `{env="prod"}` })).body.data).toEqual(["mail", "shop"]);
    expect((await ask("series", { ...span, "match[]": `{env="test"}` })).body.data).toEqual([
      { app: "shop", env: "test" },
    ]);
    expect((await ask("detected_labels", span)).body.detectedLabels).toEqual(
      expect.arrayContaining([
        { label: "app", cardinality: 2 },
        { label: "env", cardinality: 2 },
      ]),
    );
    expect((await ask("status/buildinfo", {})).body.version).toMatch(/^\d+\.\d+\.\d+$/);
  });

  test("volumes and statistics", async () => {
    const start = nsAt(-1);
    const { body } = await ask("index/stats", { query: `{app="shop"}`, start, end: nsAt(120) });
    expect(body).toMatchObject({ streams: 2, entries: 5, bytes: expect.any(Number) });
    const volume = await ask("index/volume", { query: `{app=~".+"}`, start, end: nsAt(120) });
    expect(volume.body.data.result.map(({ metric }: { metric: object }) => metric)).toEqual([
      { app: "shop" },
      { app: "mail" },
    ]);
    const range = await ask("index/volume_range", { query: `{env="test"}`, start: nsAt(0), end: nsAt(60), step: "60" });
    expect(range.body.data.result).toEqual([{ metric: { env: "test" }, values: [[base + 60, "24"]] }]);
  });

  test("fields and their kinds", async () => {
    const { body } = await ask("detected_fields", { query: `{env="prod"}`, ...span });
    const fields = Object.fromEntries(
      (body.fields as { label: string; type: string; parsers: string[] | null }[]).map(({ label, type, parsers }) => [
        label,
        [type, parsers],
      ]),
    );
    expect(fields).toMatchObject({
      status: ["int", ["json"]],
      took: ["duration", ["json"]],
      user_name: ["string", ["json"]],
      trace: ["string", null],
      msg: ["string", ["logfmt"]],
    });
  });
});

describe("what is not answered", () => {
  test.each([
    ["a query that is none", "query_range", { query: "{app=" }, "parse error at line 1, col 6"],
    ["a selector of everything", "query_range", { query: `{app=~".*"}` }, "not empty"],
    [
      "a function that is not known",
      "query",
      { query: `holt({app="a"}[1m])` },
      "holt is not known here; known are sum",
    ],
    ["a stage that is not known", "query_range", { query: `{app="a"} | geoip` }, "geoip is no stage"],
    ["an expression that is none", "query_range", { query: `{app=~"("}` }, "parse error"],
    ["lines at one moment", "query", { query: `{app="a"}` }, "not supported as an instant query type"],
    [
      "a template function that is not known",
      "query_range",
      { query: `{app="a"} | line_format "{{ sha1 .x }}"` },
      "sha1",
    ],
    [
      "too many steps",
      "query_range",
      { query: `rate({app="a"}[1m])`, start: "0", end: "1700000000", step: "1" },
      "exceeded maximum resolution",
    ],
    ["a limit of nothing", "query_range", { query: `{app="a"}`, limit: "0" }, "limit must be a positive value"],
    ["a time that is none", "query_range", { query: `{app="a"}`, start: "yesterday" }, "start is no time"],
    ["an end before the beginning", "query_range", { query: `{app="a"}`, start: "20", end: "10" }, "end timestamp"],
    ["no query", "query", {}, "query is missing"],
  ] as [string, string, Record<string, string>, string][])("is %s", async (_what, path, params, words) => {
    const { status, text, headers } = await ask(path, params);
    expect({ status, type: headers.get("content-type") }).toEqual({ status: 400, type: "text/plain; charset=utf-8" });
    expect(text).toContain(words);
  });

  test("whoever may not read logs", async () => {
    const { status } = await f.send("/loki/api/v1/labels", { token: "nobody" });
    expect(status).toBe(401);
  });
});
