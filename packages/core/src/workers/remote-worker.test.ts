// What a worker is, from its HELLO and its token.
import { expect, test } from "bun:test";
import type { WorkerPermit } from "./ports.ts";
import { isOurOwn, RemoteWorker } from "./remote-worker.ts";
import type { Hello } from "./remote-worker.ts";

function worker(hello: Partial<Hello>, permit: Partial<WorkerPermit> = {}, sent: number[] = []): RemoteWorker {
  return new RemoteWorker({
    hello: { worker_id: "w", capabilities: [], ...hello } as Hello,
    runtime: "python",
    permit: permit as WorkerPermit,
    line: {
      kind: "tcp",
      address: undefined,
      waitingBytes: 3,
      send: (type) => void sent.push(type),
      end: () => undefined,
    },
    connectedAt: 5,
    slotsMax: 10,
    draining: false,
  });
}

test("a basic worker has one slot and hears nothing that only we know", () => {
  const sent: number[] = [];
  const basic = worker({ slots: 8 }, {}, sent);
  basic.send(0x60, {});
  basic.send(0x20, {});
  expect([basic.basic, basic.slots, basic.room, sent]).toEqual([true, 1, 1, [0x20]]);
  expect([0x5f, 0x60, 0x7f, 0x80].map(isOurOwn)).toEqual([false, true, true, false]);
});

test("others have what they announce, up to the limit, and less what they hold", () => {
  const one = worker({ slots: 99, heartbeat_ms: 1, python_version: "3.12" });
  one.held.set("b", { build: "b", epoch: 1, over: false });
  one.otherWork = 2;
  expect([one.slots, one.room, one.version, one.waitingBytes]).toEqual([10, 7, "3.12", 3]);
  one.draining = true;
  expect(one.room).toBe(0);
});

test("labels that a token names in full are its worker's; kinds of work are those of the token", () => {
  const one = worker({ labels: ["zone=eu"] }, { labels: ["gpu", "zone=*"], kinds: ["bui*"] });
  expect([...one.labels]).toEqual(["zone=eu", "gpu"]);
  expect([one.may("build"), one.may("task"), worker({}).may("run")]).toEqual([true, false, true]);
});

test("one that is gone is told nothing", () => {
  const sent: number[] = [];
  const one = worker({ heartbeat_ms: 1 }, {}, sent);
  one.gone = true;
  one.send(0x20, {});
  expect([sent, one.room]).toEqual([[], 0]);
});
