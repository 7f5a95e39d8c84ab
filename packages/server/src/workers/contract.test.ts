// The contract of the worker protocol as a worker of another make meets it: bare frames over TCP against the real server side.
import { describe, expect, test } from "bun:test";
import { workerMessageCodes } from "@sluice/protocol";
import { token } from "../http-fixture.ts";
import { Rig } from "./rig.suite.ts";

describe("coming in", () => {
  test("a worker that says who it is, is let in, and hears nothing before that", async () => {
    await using rig = await Rig.make();
    const worker = await rig.stranger();
    worker.send("HELLO", { worker_id: "w", capabilities: ["build"], token, colour: "blue", python_version: "3.12.1" });
    const { payload } = await worker.next("HELLO_ACK");
    expect(payload).toMatchObject({ accepted: true, master_id: "memory", assigned_resources: [] });
    const { body } = await rig.fixture.get("/api/v1/workers");
    expect(body.workers).toMatchObject([
      { id: "w", kind: "remote", runtime: "python", version: "3.12.1", status: "connected", slots: 1, busy: 0 },
    ]);
  });

  test.each([
    ["no token", { worker_id: "w", capabilities: [] }, "HELLO carries no token."],
    [
      "a bad one",
      { worker_id: "w", capabilities: [], token: "sluice_nothing" },
      "The token is not one of this server.",
    ],
    ["no name", { capabilities: [], token }, "HELLO: payload.worker_id"],
  ])("with %s it is refused and the connection closed", async (_what, hello, reason) => {
    await using rig = await Rig.make();
    const worker = await rig.stranger();
    worker.send("HELLO", hello);
    const { payload } = await worker.next("HELLO_ACK");
    expect(payload).toMatchObject({ accepted: false, reason: expect.stringContaining(reason) });
    await worker.untilClosed();
    expect(rig.fleet.workers).toEqual([]);
  });

  test("without authentication no token is asked for", async () => {
    await using rig = await Rig.make({ authentication: false });
    const worker = await rig.stranger();
    worker.send("HELLO", { worker_id: "w", capabilities: [] });
    expect((await worker.next("HELLO_ACK")).payload).toMatchObject({ accepted: true });
  });

  test("anything before HELLO, HELLO twice, garbage, another version and a frame that is too long end the connection", async () => {
    await using rig = await Rig.make();
    const early = await rig.stranger();
    early.send("STATE_GET", { key: "k" });
    expect((await early.next("ERROR")).payload).toMatchObject({ code: "hello_missing" });
    await early.untilClosed();
    const twice = await rig.worker("w");
    twice.send("HELLO", { worker_id: "w", capabilities: [], token });
    expect((await twice.next("ERROR")).payload).toMatchObject({ code: "hello_twice" });
    await twice.untilClosed();
    for (const [bytes, code] of [
      [[0, 0, 0, 1, 0xc1], "frame_bad_msgpack"],
      [[0, 0, 0, 0], "frame_empty"],
      [[0xff, 0xff, 0xff, 0xff], "frame_too_large"],
      [[0, 0, 0, 10, 0x81, 0xa7, ...Buffer.from("version"), 2], "frame_bad_version"],
    ] as const) {
      const garbled = await rig.stranger();
      garbled.raw(Uint8Array.from(bytes));
      expect((await garbled.next("ERROR")).payload).toMatchObject({ code });
      await garbled.untilClosed();
    }
    const other = await rig.worker("other");
    expect(await other.ask("STATE_GET", { key: "k" }, "STATE_RESPONSE")).toMatchObject({ ok: true });
  });

  test("who says nothing is cut off, and who has not been let in cannot send much", async () => {
    await using rig = await Rig.make({ limits: { remoteHelloMs: 30 } });
    const silent = await rig.stranger();
    expect((await silent.next("ERROR")).payload).toMatchObject({ code: "hello_missing" });
    await silent.untilClosed();
    const large = await rig.stranger();
    large.raw(Uint8Array.from([0, 1, 0, 1]));
    expect((await large.next("ERROR")).payload).toMatchObject({ code: "frame_too_large" });
  });

  test("a type that is not known, not for a worker to send, or has a bad payload is answered, and the connection stays", async () => {
    await using rig = await Rig.make();
    const worker = await rig.worker("w");
    for (const [name, payload, code] of [
      ["HELLO_ACK", { accepted: true }, "message_wrong_direction"],
      ["STATE_GET", {}, "message_bad_payload"],
    ] as const) {
      expect(await worker.ask(name, payload, "ERROR")).toMatchObject({ code });
    }
    const { bytes } = worker.frame("STATE_GET", { key: "k" });
    bytes[bytes.indexOf(workerMessageCodes.STATE_GET, 12)] = 0x53;
    worker.raw(bytes);
    expect((await worker.next("ERROR")).payload).toMatchObject({ code: "message_unknown_type" });
    expect(await worker.ask("STATE_GET", { key: "k" }, "STATE_RESPONSE")).toMatchObject({ ok: true });
  });

  test("frames may be cut anywhere, and a hundred may come in one write", async () => {
    await using rig = await Rig.make();
    const worker = await rig.worker("w");
    const { bytes } = worker.frame("STATE_GET", { key: "k" });
    for (const byte of bytes) worker.raw(Uint8Array.of(byte));
    expect((await worker.next("STATE_RESPONSE")).payload).toMatchObject({ ok: true });
    const hundred = Array.from({ length: 100 }, (_, index) => worker.frame("STATE_GET", { key: `k${index}` }));
    worker.raw(Buffer.concat(hundred.map((frame) => frame.bytes)));
    for (const { id } of hundred) expect((await worker.next("STATE_RESPONSE")).payload["request_id"]).toBe(id);
  });
});
