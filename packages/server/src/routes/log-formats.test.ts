// Shippers of other products, as they speak over HTTP: what they send is found, and they are answered in their own words.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { logLimits, systemClock } from "@sluice/core";
import { SluiceError } from "@sluice/protocol";
import { HttpFixture, token } from "../http-fixture.ts";
import type { Answer } from "../http-fixture.ts";
import { openLogs } from "../logs/log-desk.ts";
import type { LogDesk } from "../logs/log-desk.ts";

let folder = "";
let opened: Promise<LogDesk> | undefined;
/** What the disk says to the next batch; undefined: it takes it. */
let refusal: SluiceError | undefined;
let f: HttpFixture;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "sluice-http-formats-"));
  const limits = { ...logLimits, logEntriesMax: 1_500, logBodyBytesMax: 64 * 1024 };
  const pipelines = [{ tenant: "piped", steps: [{ drop: "level:debug" }, { redact: "secret" }] }];
  const logs = (): Promise<LogDesk> => (opened ??= open({ limits, pipelines }));
  f = await HttpFixture.make({ http: { logs } });
});
afterAll(async () => {
  await (await opened)?.store.close();
  await f[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

async function open(p: Pick<Parameters<typeof openLogs>[0], "limits" | "pipelines">): Promise<LogDesk> {
  const desk = await openLogs({ ...p, folder, clock: systemClock, log: () => undefined });
  const { store } = desk;
  const append = store.append.bind(store);
  store.append = (batch) => (refusal === undefined ? append(batch) : Promise.reject(refusal));
  return desk;
}

type Headers = Record<string, string>;
const json = { "content-type": "application/json" };
const send = (path: string, body: string | Uint8Array, headers: Headers = {}): Promise<Answer> =>
  f.send(path, { method: "POST", body, headers });
interface Entry {
  readonly line: string;
  readonly level: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly fields: Readonly<Record<string, unknown>>;
}
async function found(query: string, more: object = {}): Promise<readonly Entry[]> {
  const { status, body } = await f.post("/api/v1/logs/query", { query, ...more });
  expect([status, body.partial]).toEqual([200, null]);
  return body.entries as Entry[];
}

describe("OTLP", () => {
  const path = "/v1/logs";
  const exported = (...logRecords: object[]): string =>
    JSON.stringify({
      resourceLogs: [
        {
          resource: { attributes: [{ key: "service.name", value: { stringValue: "otlp" } }] },
          scopeLogs: [{ logRecords }],
        },
      ],
    });
  const good = { timeUnixNano: "1772625600000000001", severityText: "WARN", body: { stringValue: "told" } };

  test("is taken as JSON, packed with gzip too, and says which records were not", async () => {
    expect((await send(path, exported(good), json)).body).toEqual({});
    const packed = Bun.gzipSync(Buffer.from(exported(good, { ...good, timeUnixNano: "nonsense" })));
    const { status, body } = await send(path, packed, { ...json, "content-encoding": "gzip" });
    expect(status).toBe(200);
    expect(body.partialSuccess).toMatchObject({ rejectedLogRecords: "1" });
    const entries = await found("service:=otlp");
    expect(entries).toMatchObject([
      { line: "told", level: "warn" },
      { line: "told", level: "warn" },
    ]);
  });

  test("is answered in kind, failures too", async () => {
    const type = { "content-type": "application/x-protobuf" };
    const raw = (body: Uint8Array): Promise<Response> =>
      f.http.fetch(f.request(path, { method: "POST", body, headers: type }), f.connections);
    const empty = await raw(new Uint8Array(0));
    expect([empty.status, empty.headers.get("content-type"), (await empty.bytes()).length]).toEqual([
      200,
      "application/x-protobuf",
      0,
    ]);
    const broken = await raw(Uint8Array.of(0xff));
    expect([broken.status, Array.from((await broken.bytes()).subarray(0, 2))]).toEqual([400, [8, 3]]);
    const text = await send(path, "{", json);
    expect([text.status, text.body.code]).toEqual([400, 3]);
    expect((await send(path, "x", { "content-type": "text/plain" })).status).toBe(415);
  });
});

describe("Elasticsearch", () => {
  const bulk = (lines: readonly object[], headers: Headers = {}): Promise<Answer> =>
    send("/es/_bulk", `${lines.map((line) => JSON.stringify(line)).join("\n")}\n`, {
      "content-type": "application/x-ndjson",
      ...headers,
    });
  const create = { create: { _index: "logs-shop" } };

  test("bulk requests are answered item by item", async () => {
    const { status, body } = await bulk([
      create,
      { message: "one" },
      create,
      { "@timestamp": "never" },
      { delete: {} },
    ]);
    expect(status).toBe(400);
    const again = await bulk([create, { message: "one" }, create, { "@timestamp": "never" }]);
    expect([body.status, again.status, again.body.errors]).toEqual([400, 200, true]);
    expect(again.body.items).toMatchObject([{ create: { status: 201 } }, { create: { status: 400 } }]);
    const typed = await send("/es/logs-other/_bulk", '{"index":{}}\n{"message":"two"}\n', {
      "content-type": "application/vnd.elasticsearch+x-ndjson; compatible-with=8",
    });
    expect(typed.body).toMatchObject({ errors: false, items: [{ index: { _index: "logs-other", status: 201 } }] });
    expect((await found("index:in(logs-shop, logs-other)")).map(({ line }) => line).toSorted()).toEqual(["one", "two"]);
  });

  test("documents with ids of their own are taken once", async () => {
    const lines = [{ create: { _index: "ids", _id: "a" } }, { message: "with an id" }];
    for (let i = 0; i < 2; i++)
      expect((await bulk(lines)).body.items).toMatchObject([{ create: { _id: "a", status: 201 } }]);
    expect(await found("index:=ids")).toHaveLength(1);
  });

  test("clients find who they look for, before and after they are let in", async () => {
    for (const [method, path, status] of [
      ["GET", "/es", 200],
      ["GET", "/es/", 200],
      ["HEAD", "/es/", 200],
      ["GET", "/es/_license", 200],
      ["PUT", "/es/_index_template/logs", 200],
      ["POST", "/es/logs/_search", 404],
    ] as const) {
      const response = await f.http.fetch(f.request(path, { method, headers: json }), f.connections);
      expect([path, response.status, response.headers.get("x-elastic-product")]).toEqual([
        path,
        status,
        "Elasticsearch",
      ]);
    }
    const key = Buffer.from(`id:${token}`).toString("base64");
    const headers = { authorization: `ApiKey ${key}` };
    expect((await f.send("/es/_license", { token: null, headers })).status).toBe(200);
    expect((await f.send("/es/_license", { token: null })).status).toBe(401);
  });
});

describe("other formats", () => {
  test("of Datadog are accepted with 202", async () => {
    const answer = await send(
      "/datadog/api/v2/logs?ddtags=env:prod&service=dd&dd-api-key=x",
      '[{"message":"a"},{"message":"b","service":"dd2"}]',
      json,
    );
    expect([answer.status, answer.body]).toEqual([202, {}]);
    expect(await found("service:in(dd, dd2) env:=prod")).toHaveLength(2);
    expect((await send("/datadog/api/v2/logs", "[1]", json)).status).toBe(400);
    const own = { ...json, "dd-api-key": token };
    expect(
      (await f.send("/datadog/api/v2/logs", { method: "POST", body: "[]", token: null, headers: own })).status,
    ).toBe(202);
  });

  test("of Splunk are answered by its numbers", async () => {
    const body = '{"event":"s1","host":"hec"}{"event":{"message":"s2"},"host":"hec"}';
    for (const path of ["/splunk/services/collector", "/splunk/services/collector/event"]) {
      expect((await send(path, body)).body).toEqual({ text: "Success", code: 0 });
    }
    const wrong = await send("/splunk/services/collector", '{"event":"kept","host":"hec2"}{}');
    expect([wrong.status, wrong.body]).toEqual([
      400,
      { text: "Event field is required", code: 12, "invalid-event-number": 1 },
    ]);
    expect((await send("/splunk/services/collector/raw?host=hec3", "r1\nr2\n")).body.code).toBe(0);
    expect(
      [await found("host:=hec"), await found("host:=hec2"), await found("host:=hec3")].map(({ length }) => length),
    ).toEqual([4, 1, 2]);
    expect((await f.get("/splunk/services/collector/health")).body.code).toBe(17);
    const headers = { authorization: `Splunk ${token}` };
    expect((await f.send("/splunk/services/collector", { method: "POST", body, token: null, headers })).status).toBe(
      200,
    );
  });

  test("of Graylog and Seq are taken", async () => {
    const gelf = '{"version":"1.1","host":"g","short_message":"gelf","level":3}';
    expect((await send("/gelf", gelf, json)).status).toBe(202);
    expect((await send("/gelf", "[]", json)).status).toBe(400);
    expect(await found("host:=g")).toMatchObject([{ line: "gelf", level: "error" }]);
    const clef = '{"@t":"2026-03-04T12:00:00Z","@mt":"Hi {Name}","Name":"ada","Application":"seq"}\n';
    const answer = await send("/clef/api/events/raw", clef, { "content-type": "application/vnd.serilog.clef" });
    expect([answer.status, answer.body]).toEqual([201, { MinimumLevelAccepted: null }]);
    const raw =
      '{"Events":[{"Timestamp":"2026-03-04T12:00:00Z","MessageTemplate":"older","Properties":{"Application":"seq"}}]}';
    const init = { method: "POST", body: raw, token: null, headers: { ...json, "x-seq-apikey": token } };
    expect((await f.send("/clef/api/events/raw", init)).status).toBe(201);
    expect((await found("service:=seq")).map(({ line }) => line).toSorted()).toEqual(["Hi ada", "older"]);
  });

  test("of systemd are taken in any number, and once where an upload begins anew", async () => {
    const entry = (n: number): string =>
      `__CURSOR=c${n}\n__REALTIME_TIMESTAMP=${1_772_625_600_000_000 + n}\n_HOSTNAME=j\nMESSAGE=journal ${n}\nFILL=${"x".repeat(100)}\n\n`;
    const journal = Array.from({ length: 2_500 }, (_, n) => entry(n)).join("");
    const type = { "content-type": "application/vnd.fdo.journal" };
    const pieces = (text: string): ReadableStream<Uint8Array> =>
      new Blob([text]).stream().pipeThrough(new TransformStream<Uint8Array, Uint8Array>());
    const upload = (text: string): Promise<Answer> =>
      f.send("/journald/upload", { method: "POST", body: pieces(text) as unknown as string, headers: type });
    const cut = await upload(journal.slice(0, journal.length - 300_000 + 7));
    expect(cut.status).toBe(400);
    for (let i = 0; i < 2; i++) expect((await upload(journal)).status).toBe(202);
    const { body } = await f.post("/api/v1/logs/query", { query: "host:=j | stats count() as n" });
    expect(body.rows).toEqual([[2_500]]);
    expect((await send("/journald/upload", "x", json)).status).toBe(415);
  });
});

describe("what cannot be taken", () => {
  const formats: readonly (readonly [path: string, body: string, headers: Headers])[] = [
    ["/api/v1/logs", '{"message":"x"}', json],
    ["/loki/api/v1/push", '{"streams":[]}', json],
    ["/v1/logs", "{}", json],
    ["/es/_bulk", '{"index":{"_index":"i"}}\n{}\n', json],
    ["/datadog/api/v2/logs", "{}", json],
    ["/splunk/services/collector", '{"event":"x"}', json],
    ["/gelf", "{}", json],
    ["/clef/api/events/raw", "{}", json],
    ["/journald/upload", "M=x\n\n", { "content-type": "application/vnd.fdo.journal" }],
  ];

  test.each(formats)("by %s is told apart: too much at once, a full disk", async (path, body, headers) => {
    try {
      for (const [error, status, after] of [
        [{ code: "too_many_requests", message: "full", details: { retryAfterMs: 7_000 } }, 429, "7"],
        [{ code: "disk_full", message: "no room" }, 503, "1"],
      ] as const) {
        refusal = new SluiceError(error);
        const answer = await f.send(path, { method: "POST", body, headers });
        expect([answer.status, answer.headers.get("retry-after")]).toEqual([status, after]);
      }
      // Reads go on.
      expect(Array.isArray(await found("nothing at all"))).toBe(true);
    } finally {
      refusal = undefined;
    }
    expect((await f.send(path, { method: "POST", body, headers })).status).toBeLessThan(300);
  });

  test.each(formats.filter(([path]) => path !== "/journald/upload"))(
    "by %s is 413 where it is too long",
    async (path, _body, headers) => {
      expect((await f.send(path, { method: "POST", body: "x".repeat(65 * 1024), headers })).status).toBe(413);
    },
  );

  test("is dropped or blacked out by pipelines, and those who sent it need not know", async () => {
    const sent = [{ message: "my secret" }, { message: "noise", level: "debug" }];
    const { status, body } = await f.post("/api/v1/logs", sent, { "x-scope-orgid": "piped" });
    expect([status, body.accepted, body.rejections]).toEqual([200, 1, 0]);
    const headers = { ...json, "x-scope-orgid": "piped" };
    expect((await send("/gelf", '{"short_message":"a secret too"}', headers)).status).toBe(202);
    expect((await found("", { tenant: "piped" })).map(({ line }) => line).toSorted()).toEqual(["a *** too", "my ***"]);
  });
});
