import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { SimulatedClock } from "@sluice/core/testing";
import { LogClients } from "./log-clients.ts";
import type { LogClient } from "./log-clients.ts";
import { LogSocket } from "./log-socket.ts";
import { LogSocketRig } from "./log-socket-rig.suite.ts";

let rig: LogSocketRig;
beforeAll(async () => {
  rig = await LogSocketRig.make({ logWindowMessages: 50, logWindowBytes: 20 * 1024 * 1024, logTopicsMax: 3 });
});
afterAll(() => rig[Symbol.asyncDispose]());

describe("entries over a WebSocket", () => {
  test("are greeted, and acknowledged once they can be found", async () => {
    const client = await rig.connected();
    const { clientId, windowMessages, windowBytes, timestamp } = await client.next("connection");
    expect([windowMessages, windowBytes]).toEqual([50, 20 * 1024 * 1024]);
    expect(Date.parse(String(timestamp))).toBeGreaterThan(1e12);
    client.send({ id: "m1", type: "error", message: "it broke", service: "socket", code: 7 });
    const ack = await client.next("ack");
    expect(ack).toMatchObject({ logId: "m1", accepted: 1, rejected: [] });
    const { body } = await rig.f.post("/api/v1/logs/query", { query: "service:=socket" });
    expect(body.entries).toMatchObject([
      {
        line: "it broke",
        level: "error",
        seq: ack["seq"],
        labels: { service: "socket" },
        fields: { id: "m1", code: 7, clientId },
      },
    ]);
    client.send({ message: "without an id", service: "socket" });
    expect(await client.next("ack", 1)).toMatchObject({ logId: String(Number(ack["seq"]) + 1) });
  });

  test("of many messages get as many answers, in order", async () => {
    const client = await rig.connected();
    for (let i = 0; i < 40; i++) client.send({ id: i, message: `many ${i}`, service: "many" });
    await client.next("ack", 39);
    expect(client.all("ack").map(({ logId }) => logId)).toEqual(Array.from({ length: 40 }, (_, i) => String(i)));
    expect(await rig.linesOf("service:=many")).toHaveLength(40);
  });

  test("may come in batches, each with a key, and once under it", async () => {
    const client = await rig.connected();
    const batch = {
      key: "k1",
      labels: { service: "batched" },
      entries: [{ message: "b1" }, { time: "never" }, "b2", 3],
    };
    client.send(batch);
    expect(await client.next("ack")).toMatchObject({
      key: "k1",
      accepted: 2,
      rejections: 2,
      rejected: [
        { index: 1, code: "no_time" },
        { index: 3, code: "not_an_entry" },
      ],
      duplicate: false,
    });
    client.send(batch);
    expect(await client.next("ack", 1)).toMatchObject({ key: "k1", duplicate: true });
    client.send({ ...batch, entries: ["other"] });
    expect(await client.next("error")).toMatchObject({ code: "idempotency_conflict", key: "k1" });
    client.send({ entries: [] });
    expect(await client.next("ack", 2)).toMatchObject({ accepted: 0, firstSeq: null });
    expect((await rig.linesOf("service:=batched")).toSorted()).toEqual(["b1", "b2"]);
  });

  test("that are wrong are answered, and the connection goes on", async () => {
    const client = await rig.connected();
    const wrong: [unknown, string, object][] = [
      ["{", "invalid_json", {}],
      ["3", "invalid_input", {}],
      [{ id: "a" }, "invalid_input", { logId: "a" }],
      [{ id: {}, message: "x" }, "invalid_input", {}],
      [{ id: "b", message: "x", timestamp: "never" }, "invalid_input", { logId: "b" }],
      [{ key: "", entries: [] }, "invalid_input", {}],
      [{ key: "z", entries: 3 }, "invalid_input", { logId: "z" }],
      [{ key: "z", entries: [], labels: 3 }, "invalid_input", { key: "z" }],
      [{ type: "subscribe", topics: 3 }, "invalid_input", {}],
      [{ type: "subscribe", topics: ["a | limit 1"] }, "invalid_filter", { topic: "a | limit 1" }],
      [{ type: "subscribe", topics: ["("] }, "invalid_filter", { topic: "(" }],
    ];
    for (const [index, [message, code, more]] of wrong.entries()) {
      client.send(message);
      expect(await client.next("error", index)).toMatchObject({ code, ...more });
    }
    client.socket.send(new Uint8Array([0xff, 0xfe]));
    expect(await client.next("error", wrong.length)).toMatchObject({ code: "invalid_json" });
    client.socket.send(new TextEncoder().encode(JSON.stringify({ id: "ok", message: "as bytes" })));
    expect(await client.next("ack")).toMatchObject({ logId: "ok" });
  });

  test("past the window end the connection, and what was acknowledged is there", async () => {
    const client = await rig.connected();
    for (let i = 0; i < 5_000; i++) client.send({ id: i, message: `flood ${i}`, service: "flood" });
    expect((await client.closed()).code).toBe(1013);
    expect(client.all("error").at(-1)).toMatchObject({ code: "too_many_requests" });
    const there = new Set(await rig.linesOf("service:=flood"));
    for (const { logId } of client.all("ack")) expect(there.has(`flood ${String(logId)}`)).toBe(true);
  });
});

describe("entries that are subscribed to", () => {
  test("come as they are committed, each once, with who sent them; and that one has gone is told", async () => {
    const [reader, writer] = [await rig.connected(), await rig.connected()];
    const { clientId } = await writer.next("connection");
    reader.send({ type: "subscribe", topics: [`client:${String(clientId)}`, "service:=live"] });
    await reader.next("subscribed", 1);
    writer.send({ message: "live one", service: "live" });
    await rig.f.post("/api/v1/logs", { message: "live two", service: "live" });
    await rig.f.post("/api/v1/logs", { message: "nobody's", service: "other" });
    await reader.next("entry", 2);
    const told = reader.all("entry").map(({ topic, line, clientId: from }) => [topic, line, from]);
    const own = [`client:${String(clientId)}`, "service:=live"] as const;
    expect(told).toHaveLength(3);
    expect(told).toContainEqual([own[0], "live one", clientId]);
    expect(told).toContainEqual([own[1], "live one", clientId]);
    expect(told).toContainEqual([own[1], "live two", null]);
    expect(Date.parse(String(reader.all("entry")[0]?.["receivedAt"]))).toBeGreaterThan(1e12);
    writer.socket.close();
    expect(await reader.next("client_disconnect")).toMatchObject({ clientId });
    reader.send({ type: "unsubscribe", topics: ["service:=live"] });
    await reader.next("unsubscribed");
    await rig.f.post("/api/v1/logs", { message: "live three", service: "live" });
    reader.send({ type: "subscribe", topics: ["logs"] });
    await reader.next("subscribed", 2);
    await rig.f.post("/api/v1/logs", { message: "the last", service: "live" });
    expect(await reader.next("entry", 3)).toMatchObject({ topic: "logs", line: "the last" });
  });

  test("begin with the latest, or with what came after a number", async () => {
    const labels = { service: "before" };
    const { body } = await rig.f.post("/api/v1/logs", { labels, entries: ["e1", "e2", "e3"] });
    const reader = await rig.connected();
    reader.send({ type: "subscribe", topics: ["service:=before"], last: 2 });
    await reader.next("entry", 1);
    expect(reader.all("entry").map(({ line, receivedAt }) => [line, receivedAt])).toEqual([
      ["e2", null],
      ["e3", null],
    ]);
    const again = await rig.connected();
    again.send({ type: "subscribe", topics: ["service:=before"], after: body.firstSeq });
    await again.next("entry", 1);
    expect(again.all("entry").map(({ line }) => line)).toEqual(["e2", "e3"]);
    again.send({ type: "subscribe", topics: ["a", "b", "c"] });
    expect(await again.next("error")).toMatchObject({ code: "too_many_requests", topic: "c" });
  });
});

describe("a connection", () => {
  test("on which nothing was said for five minutes ends", async () => {
    const clock = new SimulatedClock(1_772_625_600_000);
    const onEnded = () => () => undefined;
    const p = { clientId: crypto.randomUUID(), writesTo: "default", reads: "default", onEnded, soon: queueMicrotask };
    const session = new LogSocket({ desk: rig.desk, clock, ...p });
    const line = new Line();
    session.opened(line);
    clock.advance(200_000);
    session.received("{");
    clock.advance(200_000);
    expect(line.code).toBe(0);
    clock.advance(100_000);
    expect(line.code).toBe(1000);
  });

  test("is told to come back when the server stops", () => {
    const room = new LogClients();
    const ended: string[] = [];
    const client = (clientId: string): LogClient => ({
      clientId,
      reads: "a",
      writesTo: "a",
      gone: (other) => void ended.push(`${clientId} heard of ${other}`),
      end: (why) => void ended.push(`${clientId} ${why}`),
    });
    const [one, two] = [client("one"), client("two")];
    room.join(one);
    room.join(two);
    room.leave(one);
    room.leave(one);
    room.close();
    expect([ended, room.open]).toEqual([["two heard of one", "two restarting"], 1]);
  });
});

describe("who may", () => {
  const made = async (permission: string, only = ["acme"]): Promise<{ id: string; token: string }> => {
    const { body } = await rig.f.post("/api/v1/tokens", { name: "t", grants: [{ permission, only }] });
    return body as { id: string; token: string };
  };

  test("a token in the URL is taken, and said nowhere", async () => {
    const { token } = await made("log:write");
    const client = await rig.connected(`?token=${token}`, {});
    client.send({ message: "from a browser", service: "url" });
    await client.next("ack");
    expect(await rig.linesOf("service:=url", { "x-scope-orgid": "acme" })).toEqual(["from a browser"]);
    client.send({ type: "subscribe", topics: ["logs"] });
    expect(await client.next("error")).toMatchObject({ code: "forbidden" });
    const wrong = rig.dial("?token=sluice_wrong_token", {});
    expect((await wrong.closed()).code).not.toBe(1000);
    const { records } = await rig.f.store.audit.searchAudit({ filter: {}, limit: 500 });
    const everything = JSON.stringify([rig.f.logs, records]);
    expect(everything).not.toContain(token);
    expect(everything).not.toContain("sluice_wrong_token");
    expect(records.some(({ target }) => target === "route:connectLogs")).toBe(true);
  });

  test("who may only look sends nothing; who is no longer let in is sent away", async () => {
    const { id, token } = await made("log:read");
    const client = await rig.connected("?tenant=acme", { authorization: `Bearer ${token}` });
    client.send({ id: "x", message: "x" });
    expect(await client.next("error")).toMatchObject({ code: "forbidden", logId: "x" });
    await rig.f.send(`/api/v1/tokens/${id}`, { method: "DELETE" });
    expect((await client.closed()).code).toBe(4401);
    const nobody = await rig.f.send("/api/v1/logs/ws", { token: null });
    expect(nobody.status).toBe(401);
    const { token: other } = await made("run:read", ["x"]);
    const refused = await rig.f.send("/api/v1/logs/ws", { headers: { authorization: `Bearer ${other}` } });
    expect([refused.status, refused.body.error.code]).toEqual([403, "forbidden"]);
  });
});

/** What stands between a session and its client, written down. */
class Line {
  readonly said: string[] = [];
  readonly waitingBytes = 0;
  code = 0;
  send(text: string): void {
    this.said.push(text);
  }
  cork(send: () => void): void {
    send();
  }
  close(code: number): void {
    this.code = code;
  }
  sendBytes(): void {}
  pause(): void {}
  resume(): void {}
  cut(): void {}
}
