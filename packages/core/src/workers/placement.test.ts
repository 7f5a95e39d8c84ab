// Where a build goes: whoever can, may and has room, and of those the one with the least to do.
import { expect, test } from "bun:test";
import { placed } from "./placement.ts";
import { RemoteWorker } from "./remote-worker.ts";
import type { Hello } from "./remote-worker.ts";
import type { WorkerPermit } from "./ports.ts";

function worker(id: string, hello: Partial<Hello> = {}, permit: Partial<WorkerPermit> = {}): RemoteWorker {
  return new RemoteWorker({
    hello: { worker_id: id, capabilities: ["build"], ...hello } as Hello,
    runtime: hello.runtime ?? "node",
    permit: { labels: undefined, kinds: undefined, states: undefined, ...permit } as WorkerPermit,
    line: {} as never,
    connectedAt: 0,
    slotsMax: 100,
    draining: false,
  });
}

const anywhere = { capabilities: [], labels: [] };
const full = (slots: number, taken: number, load?: number): RemoteWorker => {
  const one = worker(`${slots}/${taken}`, { heartbeat_ms: 1, slots });
  for (let at = 0; at < taken; at++) one.held.set(String(at), { build: String(at), epoch: 1, over: false });
  one.load = load;
  return one;
};

test("those that cannot or may not are left out", () => {
  const on = { capabilities: ["docker"], labels: ["gpu"], runtime: "deno" };
  const right = { capabilities: ["build", "docker"], labels: ["gpu"], runtime: "deno" };
  expect(placed([worker("a", right)], on)?.id).toBe("a");
  for (const wrong of [{ capabilities: ["build"] }, { labels: ["gp"] }, { runtime: "bun" }]) {
    expect(placed([worker("a", { ...right, ...wrong })], on)).toBeUndefined();
  }
  expect(placed([worker("a", {}, { kinds: ["task"] })], anywhere)).toBeUndefined();
  expect(placed([worker("a", { capabilities: ["task"], heartbeat_ms: 1 })], anywhere)).toBeUndefined();
  expect(placed([worker("a", { capabilities: [] })], anywhere)?.id).toBe("a");
  const [drained, gone] = [worker("a"), worker("b")];
  drained.draining = true;
  gone.gone = true;
  expect(placed([drained, gone, full(1, 1)], anywhere)).toBeUndefined();
});

test("the one with the least to do comes first, then the one that says it has the least load, then the larger", () => {
  expect(placed([full(4, 2), full(4, 1)], anywhere)?.id).toBe("4/1");
  expect(placed([full(2, 1), full(8, 3)], anywhere)?.id).toBe("8/3");
  expect(placed([full(2, 1, 0.9), full(4, 2, 0.1)], anywhere)?.id).toBe("4/2");
  expect(placed([full(2, 1), full(4, 2)], anywhere)?.id).toBe("4/2");
});
