import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { logLimits, systemClock } from "@sluice/core";
import { workflow } from "@sluice/sdk";
import { HttpFixture, token } from "../http-fixture.ts";
import type { Answer } from "../http-fixture.ts";
import { openLogs } from "../logs/log-desk.ts";
import { trailOf } from "../logs/first-use.ts";
import type { LogDesk } from "../logs/log-desk.ts";

const parcel = workflow({ name: "parcel" }, async (ctx) => {
  await ctx.step("weigh", () => ctx.log.warn("a heavy parcel", { grams: 9_000 }));
  await ctx.step("ship", () => {
    throw new Error("no van");
  });
});

let folder = "";
let desk: Promise<LogDesk> | undefined;
let f: HttpFixture;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "sluice-http-logs-"));
  const limits = { ...logLimits, logEntriesMax: 500 };
  const logs = (): Promise<LogDesk> =>
    (desk ??= openLogs({ folder, clock: systemClock, log: () => undefined, limits, trail: trailOf(f) }));
  f = await HttpFixture.make({ http: { logs }, workflows: [parcel] });
});
afterAll(async () => {
  await (await desk)?.close();
  await f[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

const write = (body: unknown, headers: Record<string, string> = {}): Promise<Answer> =>
  f.post("/api/v1/logs", body, headers);
async function linesOf(query: string, more: object = {}, headers: Record<string, string> = {}): Promise<string[]> {
  const { status, body } = await f.post("/api/v1/logs/query", { query, ...more }, headers);
  expect([status, body.damaged, body.partial]).toEqual([200, [], null]);
  return (body.entries as { line: string }[]).map(({ line }) => line);
}

describe("sending logs", () => {
  test("of our own form answers when they are there to be found", async () => {
    const answer = await write({
      labels: { service: "own" },
      entries: [{ message: "hello", user: "ada" }, { time: "never" }],
    });
    expect([answer.status, answer.body]).toMatchObject([
      200,
      { accepted: 1, rejections: 1, rejected: [{ index: 1, code: "no_time" }], duplicate: false },
    ]);
    const { body } = await f.post("/api/v1/logs/query", { query: "service:=own" });
    expect(body.entries).toMatchObject([
      {
        line: "hello",
        labels: { service: "own" },
        fields: { user: "ada" },
        level: "unknown",
        seq: answer.body.firstSeq,
      },
    ]);
  });

  test("may be lines, and compressed", async () => {
    const lines = ["one", "two"].map((message) => JSON.stringify({ message, service: "packed" })).join("\n");
    for (const [coding, pack] of [
      ["gzip", Bun.gzipSync],
      ["zstd", Bun.zstdCompressSync],
    ] as const) {
      const { status, body } = await f.send("/api/v1/logs", {
        method: "POST",
        body: pack(Buffer.from(lines)),
        headers: { "content-type": "application/x-ndjson", "content-encoding": coding },
      });
      expect([status, body.accepted]).toEqual([200, 2]);
    }
    expect(await linesOf("service:=packed one")).toEqual(["one", "one"]);
  });

  test("under a key is taken once; other entries under it are refused", async () => {
    const headers = { "idempotency-key": "k1" };
    const body = { entries: [{ message: "once", labels: { service: "keyed" } }] };
    expect((await write(body, headers)).body.duplicate).toBe(false);
    expect((await write(body, headers)).body.duplicate).toBe(true);
    expect((await write({ message: "other" }, headers)).body.error.code).toBe("idempotency_conflict");
    expect(await linesOf("service:=keyed")).toEqual(["once"]);
  });

  test.each([
    ["no JSON", "{", "application/json", 400, "invalid_json"],
    ["nothing", "3", "application/json", 400, "invalid_input"],
    ["another type", "<a/>", "text/xml", 415, "unsupported_media_type"],
    ["too many", JSON.stringify(Array.from({ length: 501 }, () => "x")), "application/json", 413, "payload_too_large"],
  ])("of %s is refused", async (_what, body, type, status, code) => {
    const answer = await f.send("/api/v1/logs", { method: "POST", body, headers: { "content-type": type } });
    expect([answer.status, answer.body.error.code]).toEqual([status, code]);
  });

  test("as Loki's shippers do is taken once however often it comes", async () => {
    const values = [
      ["1772625600000000001", "pushed", { trace: "t1" }],
      ["x", "bad"],
    ];
    const good = { streams: [{ stream: { service: "loki" }, values: values.slice(0, 1) }] };
    for (let i = 0; i < 2; i++) {
      const { status } = await f.post("/loki/api/v1/push", good);
      expect(status).toBe(204);
    }
    const bad = await f.post("/loki/api/v1/push", { streams: [{ stream: { service: "loki2" }, values }] });
    expect([bad.status, bad.body.error.code]).toEqual([400, "invalid_input"]);
    expect(await linesOf("service:=loki")).toEqual(["pushed"]);
    expect(await linesOf("service:=loki2")).toEqual(["pushed"]);
    const unsnappy = await f.send("/loki/api/v1/push", {
      method: "POST",
      body: "xyz",
      headers: { "content-type": "application/x-protobuf" },
    });
    expect([unsnappy.status, unsnappy.body.error.code]).toEqual([400, "invalid_input"]);
  });
});

describe("searching logs", () => {
  test("counts, and says what cannot be read and where", async () => {
    await write(Array.from({ length: 10 }, (_, n) => ({ message: `count me ${n}`, ms: n })));
    const { body } = await f.post("/api/v1/logs/query", { query: '"count me" | stats count() as n, max(ms) as most' });
    expect(body).toMatchObject({ entries: null, columns: ["n", "most"], rows: [[10, 9]] });
    const wrong = await f.post("/api/v1/logs/query", { query: "a | nothing" });
    expect([wrong.status, wrong.body.error]).toMatchObject([400, { code: "invalid_filter", details: { at: 4 } }]);
    expect(await linesOf("count", { limit: 2 })).toHaveLength(2);
    expect(await linesOf("count", { to: 1 })).toEqual([]);
  });

  test("stays within the tenant of the token", async () => {
    const made = async (only: string[]) => {
      const grants = ["log:read", "log:write"].map((permission) => ({ permission, only }));
      const answer = await f.post("/api/v1/tokens", { name: "t", grants });
      expect(answer.status).toBe(201);
      return { authorization: `Bearer ${answer.body.token as string}` };
    };
    const acme = await made(["acme"]);
    const several = await made(["a-*", "b"]);
    await write({ message: "of acme" }, acme);
    expect(await linesOf("", {}, acme)).toEqual(["of acme"]);
    expect(await linesOf('"of acme"')).toEqual([]);
    expect(await linesOf('"of acme"', { tenant: "acme" })).toEqual(["of acme"]);
    expect((await write({ message: "x" }, { ...acme, "x-scope-orgid": "other" })).status).toBe(403);
    expect((await write({ message: "x" }, several)).status).toBe(400);
    await write({ message: "of a-1" }, { ...several, "x-scope-orgid": "a-1" });
    expect(await linesOf("", { tenant: "a-1" }, several)).toEqual(["of a-1"]);
    expect((await write({ message: "x" }, { "x-scope-orgid": "../etc" })).status).toBe(400);
  });

  test("takes tokens as other products send theirs, to write and not to read", async () => {
    const base64 = (text: string): string => Buffer.from(text).toString("base64");
    for (const headers of [
      { authorization: `Basic ${base64(`anybody:${token}`)}` },
      { authorization: `Splunk ${token}` },
      { authorization: `ApiKey ${base64(`id:${token}`)}` },
      { authorization: `ApiKey ${token}` },
      { "dd-api-key": token },
    ]) {
      const init = {
        method: "POST",
        body: "{}",
        token: null,
        headers: { "content-type": "application/json", ...headers },
      };
      expect((await f.send("/api/v1/logs", init)).status).toBe(200);
      expect((await f.send("/api/v1/logs/query", init)).status).toBe(401);
    }
    const wrong = {
      method: "POST",
      body: "{}",
      token: null,
      headers: { authorization: `Basic ${base64("anybody:wrong")}` },
    };
    expect((await f.send("/api/v1/logs", wrong)).status).toBe(401);
  });
});

describe("deleting logs", () => {
  test("hides them at once, takes them out of the files, and is in the audit trail", async () => {
    const labels = { service: "deleted" };
    await write({ labels, entries: ["a secret", "no matter"] });
    const answer = await f.post("/api/v1/logs/delete", { query: "service:=deleted secret" });
    expect(answer.status).toBe(202);
    expect(await linesOf("service:=deleted")).toEqual(["no matter"]);
    await write({ labels, entries: ["a secret again"] });
    expect((await linesOf("service:=deleted")).toSorted()).toEqual(["a secret again", "no matter"]);
    await (await desk)?.store.rewrite();
    expect((await linesOf("service:=deleted")).toSorted()).toEqual(["a secret again", "no matter"]);
    const { records } = await f.store.audit.searchAudit({ filter: { action: "log:delete" }, limit: 9 });
    expect(records.map(({ outcome, target }) => [outcome, target])).toEqual([
      ["done", "logs:default"],
      ["intended", "logs:default"],
    ]);
    expect(records[0]?.after).toContain("service:=deleted secret");
  });

  test.each([
    [{}, 400, "bad_request"],
    [{ query: "a | limit 1" }, 400, "invalid_filter"],
    [{ query: "_time:1h" }, 400, "invalid_filter"],
    [{ query: "(" }, 400, "invalid_filter"],
    [{ query: "*", tenant: "sluice" }, 403, "forbidden"],
  ])("of %j is refused", async (body, status, code) => {
    const answer = await f.post("/api/v1/logs/delete", body);
    expect([answer.status, answer.body.error.code]).toEqual([status, code]);
  });
});

describe("the product's own lines", () => {
  async function ownLines(query: string, count: number, tenant: string): Promise<Record<string, unknown>[]> {
    for (;;) {
      const { body } = await f.post("/api/v1/logs/query", { query, tenant });
      if (body.entries.length >= count) return body.entries as Record<string, unknown>[];
    }
  }

  test("say what a run did, with run and step, beside whatever it logged", async () => {
    await linesOf("");
    const { body } = await f.post("/api/v1/workflows/parcel/runs", { input: null });
    const run = body.run.id as string;
    const entries = await ownLines(`run:=${run}`, 6, "sluice");
    expect(entries.map(({ line }) => String(line)).toSorted((a, b) => (a < b ? -1 : 1))).toEqual([
      "a heavy parcel",
      "run created",
      "run failed",
      "run started",
      "step ship failed",
      "step weigh completed",
    ]);
    expect(entries.find(({ line }) => line === "a heavy parcel")).toMatchObject({
      level: "warn",
      labels: { service: "sluice", workflow: "parcel" },
      fields: { run, step: "weigh", attempt: 1, grams: 9_000 },
    });
    expect(entries.find(({ line }) => line === "step ship failed")).toMatchObject({
      level: "error",
      fields: { error: "no van" },
    });
    const [audited] = await ownLines(`action:=run:start run:=${run}`, 1, "sluice-audit");
    expect(audited).toMatchObject({ fields: { outcome: "done" } });
    expect(await linesOf("workflow:=parcel")).toEqual([]);
  });

  test("are for those who may see all of what they are about, and nobody writes among them", async () => {
    const made = async (grants: object[]) => {
      const answer = await f.post("/api/v1/tokens", { name: "t", grants });
      return { authorization: `Bearer ${answer.body.token as string}` };
    };
    const statusOf = async (tenant: string, headers: Record<string, string>): Promise<[number, string]> => {
      const { status, body } = await f.post("/api/v1/logs/query", { tenant }, headers);
      return [status, body.error?.details?.permission];
    };
    const logs = { permission: "log:read" };
    const some = await made([logs, { permission: "run:read", only: ["other-*"] }]);
    const all = await made([logs, { permission: "run:read" }]);
    expect(await statusOf("sluice", some)).toEqual([403, "run:read"]);
    expect((await statusOf("sluice", all))[0]).toBe(200);
    expect(await statusOf("sluice-audit", all)).toEqual([403, "audit:read"]);
    expect(await statusOf("sluice-builds", all)).toEqual([403, "build:read"]);
    const tail = await f.send("/api/v1/logs/tail?tenant=sluice-audit", { headers: all });
    expect(tail.status).toBe(403);
    expect((await write({ message: "x" }, { "x-scope-orgid": "sluice" })).status).toBe(403);
  });
});

describe("following logs", () => {
  /** Reads events until one holds a text. */
  async function until(
    reader: { read(): Promise<{ done: boolean; value?: Uint8Array | undefined }> },
    wanted: string,
  ): Promise<string> {
    let text = "";
    while (!text.includes(wanted)) {
      const { done, value } = await reader.read();
      if (done) throw new Error(`the tail ended before ${wanted}: ${text}`);
      text += new TextDecoder().decode(value);
    }
    return text;
  }
  const tail = async (query: string, headers: Record<string, string> = {}) => {
    const response = await f.http.fetch(f.request(`/api/v1/logs/tail?${query}`, { headers }), f.connections);
    expect([response.status, response.headers.get("content-type")]).toEqual([200, "text/event-stream; charset=utf-8"]);
    return (response.body as ReadableStream<Uint8Array>).getReader();
  };

  test("begins with the latest, goes on live, and is taken up again where it was", async () => {
    const labels = { service: "tailed" };
    const first = await write({ labels, entries: ["t1", "t2"] });
    const reader = await tail("query=service%3A%3Dtailed&last=1");
    expect(await until(reader, "t2")).not.toContain("t1");
    await write({ labels: { service: "other" }, entries: ["not this"] });
    await write({ labels, entries: ["t3"] });
    const text = await until(reader, "t3");
    expect(text).not.toContain("not this");
    await reader.cancel();
    const again = await tail("query=service%3A%3Dtailed", { "last-event-id": String(first.body.firstSeq) });
    const rest = await until(again, "t3");
    expect(rest).toContain("t2");
    expect(rest).not.toContain('"t1"');
    await again.cancel();
    expect((await desk)?.tails.open).toBe(0);
  });

  test.each([["query=a%20%7C%20limit%201"], ["query=_time%3A1h"], ["query=%28"], ["last=x"], ["nonsense=1"]])(
    "with %s is refused",
    async (query) => {
      expect((await f.get(`/api/v1/logs/tail?${query}`)).body.error.code).toBe("invalid_filter");
    },
  );
});
