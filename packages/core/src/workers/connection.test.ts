// One connection: what is said before HELLO, heartbeats, and reading no faster than it can be served.
import { describe, expect, test } from "bun:test";
import { FrameError } from "@sluice/protocol";
import { FleetDesk } from "./fleet.fixture.suite.ts";

describe("before HELLO", () => {
  test("nothing is heard and nothing taken", async () => {
    const desk = await new FleetDesk().start();
    const early = desk.line();
    early.say("HEARTBEAT", {});
    expect([early.heard(), early.closed]).toEqual([
      [["ERROR", expect.objectContaining({ code: "hello_missing" })]],
      true,
    ]);
    const silent = desk.line();
    await desk.advance(10_000);
    expect(silent.closed).toBe(true);
    const ours = desk.line();
    ours.frame(0x62, {});
    expect(ours.closed).toBe(true);
  });

  test("what comes behind it waits for the answer", async () => {
    const desk = await new FleetDesk().start();
    const line = desk.line();
    line.say("HELLO", { worker_id: "a", capabilities: [] });
    line.say("STATE_GET", { key: "k" });
    await desk.settle();
    expect(line.heard().map(([name]) => name)).toEqual(["HELLO_ACK", "STATE_RESPONSE"]);
  });

  test("a bad one is refused with the place", async () => {
    const desk = await new FleetDesk().start();
    const line = desk.line();
    line.say("HELLO", { worker_id: 7, capabilities: [] });
    expect(line.heard()).toEqual([
      ["HELLO_ACK", { accepted: false, reason: expect.stringContaining("payload.worker_id") }],
    ]);
    expect(line.closed).toBe(true);
  });
});

describe("heartbeats", () => {
  test("are asked of everybody, and those who promised them are gone after three that did not come", async () => {
    const desk = await new FleetDesk({ remoteHeartbeatMs: 1_000 }).start();
    const [basic, promised] = [await desk.worker("basic"), await desk.worker("promised", { heartbeat_ms: 500 })];
    await desk.advance(1_900);
    expect(promised.closed).toBe(false);
    await desk.advance(100);
    expect([promised.closed, basic.closed]).toEqual([true, false]);
    await desk.advance(100_000);
    expect(basic.closed).toBe(false);
    expect(basic.heard().every(([name]) => name === "HEARTBEAT")).toBe(true);
  });

  test("anything that arrives is one", async () => {
    const desk = await new FleetDesk().start();
    const line = await desk.worker("a", { heartbeat_ms: 500 });
    for (let beat = 0; beat < 20; beat++) {
      await desk.advance(500);
      line.say("STATE_GET", { key: "k" });
      await desk.settle();
    }
    expect(line.closed).toBe(false);
  });

  test("say how far the clocks are apart and how busy it is", async () => {
    const desk = await new FleetDesk().start();
    const line = await desk.worker("a", { heartbeat_ms: 500 });
    line.say("HEARTBEAT", { load: { cpu: 0.75 } }, desk.clock.now() + 1_500);
    await desk.settle();
    expect(line.heard()).toEqual([["HEARTBEAT_ACK", { worker_id: "a" }]]);
    expect(desk.fleet.workers).toMatchObject([{ clockSkewMs: 1_500, load: 0.75 }]);
  });
});

describe("a worker that is too fast", () => {
  test("is read again once it was served, and others are served meanwhile", async () => {
    const desk = await new FleetDesk({ workerInboxBytesMax: 1_000 }).start();
    const slow = Promise.withResolvers<void>();
    const { state } = desk.parts;
    const get = state.get.bind(state);
    state.get = async (scope, key) => {
      if (key === "slow") await slow.promise;
      return get(scope, key);
    };
    const [flood, other] = [await desk.worker("flood"), await desk.worker("other")];
    flood.say("STATE_GET", { key: "slow" });
    for (let count = 0; count < 20; count++) flood.say("STATE_GET", { key: "k" });
    other.say("STATE_GET", { key: "k" });
    await desk.settle();
    expect([flood.paused, flood.heard().length, other.heard().length]).toEqual([true, 0, 1]);
    slow.resolve();
    for (let turn = 0; turn < 10; turn++) await desk.settle();
    expect([flood.paused, flood.heard().length]).toEqual([false, 21]);
  });

  test("and reads no answers is not served until it does", async () => {
    const desk = await new FleetDesk({ workerOutboxBytesMax: 100 }).start();
    const line = await desk.worker("a");
    line.waitingBytes = 101;
    for (let count = 0; count < 3; count++) line.say("STATE_GET", { key: "k" });
    await desk.settle();
    expect([line.heard().length, line.paused]).toEqual([1, true]);
    line.waitingBytes = 0;
    line.connection?.drained();
    await desk.settle();
    expect([line.heard().length, line.paused]).toEqual([2, false]);
  });
});

test("what is no frame ends it, after the good ones before it", async () => {
  const desk = await new FleetDesk().start();
  const line = await desk.worker("a");
  const good = { version: 1, type: 0x30, id: "m", timestamp: 1, runtime: "go", payload: { key: "k" } } as const;
  line.connection?.garbled(new FrameError("frame_bad_msgpack", "no MessagePack", [good]), 10);
  expect(line.heard().at(-1)).toEqual(["ERROR", { code: "frame_bad_msgpack", message: "no MessagePack" }]);
  expect([line.closed, desk.fleet.workers]).toEqual([true, []]);
});

test("a bug while a request is served ends the connection and is logged", async () => {
  const desk = await new FleetDesk().start();
  const line = await desk.worker("a");
  desk.parts.state.get = () => Promise.reject(new Error("a bug"));
  line.say("STATE_GET", { key: "k" });
  await desk.settle();
  expect(line.heard()).toMatchObject([["ERROR", { code: "internal" }]]);
  expect([line.closed, desk.logs]).toEqual([true, expect.arrayContaining(["a request of a worker failed"])]);
});
