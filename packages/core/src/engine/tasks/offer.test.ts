// Which worker may do which task, and has room for it.
import { describe, expect, test } from "bun:test";
import { normalizeRetry } from "@sluice/protocol";
import type { TaskPlan } from "@sluice/protocol";
import { hasRoom, mayDo, plainOffer, roomiest, ticketOf } from "./offer.ts";
import type { TaskWorker, WorkerOffer } from "./offer.ts";

const plan: TaskPlan = { retry: normalizeRetry({}), key: "k" };
function worker(id: string, offer: Partial<WorkerOffer> = {}, version = ""): TaskWorker {
  const link = { id, send: () => undefined };
  return {
    link,
    offer: { ...plainOffer, ...offer },
    remote: false,
    version,
    tasks: new Set(["resize"]),
    leaving: false,
    held: new Map(),
  };
}

describe("mayDo", () => {
  test("asks for everything that is named", () => {
    const offer = { runtime: "node", labels: ["gpu", "arch=arm64"], capabilities: ["ffmpeg"], resources: { cpu: 2 } };
    const it = worker("w", offer);
    expect(mayDo(it, "resize", plan)).toBe(true);
    expect(mayDo(it, "crop", plan)).toBe(false);
    const on = { runtime: "node", labels: ["arch=arm64"], capabilities: ["ffmpeg"] };
    expect(mayDo(it, "resize", { ...plan, on })).toBe(true);
    expect(mayDo(it, "resize", { ...plan, on: { ...on, runtime: "deno" } })).toBe(false);
    expect(mayDo(it, "resize", { ...plan, on: { labels: ["arch=x64"] } })).toBe(false);
    expect(mayDo(it, "resize", { ...plan, resources: { cpu: 2 } })).toBe(true);
    expect(mayDo(it, "resize", { ...plan, resources: { cpu: 2.5 } })).toBe(false);
    expect(mayDo(it, "resize", { ...plan, resources: { gpu: 1 } })).toBe(false);
  });
});

describe("hasRoom", () => {
  test("counts slots and what is taken", () => {
    const it = worker("w", { slots: 2, resources: { cpu: 2 } });
    it.held.set(ticketOf("a", 1), { ...plan, resources: { cpu: 1.5 } });
    expect(hasRoom(it, plan)).toBe(true);
    expect(hasRoom(it, { ...plan, resources: { cpu: 0.5 } })).toBe(true);
    expect(hasRoom(it, { ...plan, resources: { cpu: 1 } })).toBe(false);
    it.held.set(ticketOf("b", 1), plan);
    expect(hasRoom(it, plan)).toBe(false);
    it.held.clear();
    it.leaving = true;
    expect(hasRoom(it, plan)).toBe(false);
  });
});

describe("roomiest", () => {
  test("is the one with the least to do for its size, of the run's own version first", () => {
    const small = worker("small", { slots: 2 });
    const large = worker("large", { slots: 10 });
    for (const it of [small, large]) it.held.set(ticketOf("a", 1), plan);
    const wanted = { name: "resize", plan, version: "v1" };
    expect(roomiest([small, large], wanted)).toBe(large);
    const own = worker("own", { slots: 2 }, "v1");
    own.held.set(ticketOf("a", 1), plan);
    const other = worker("other", { slots: 10 }, "v2");
    expect(roomiest([other, own], wanted)).toBe(own);
    expect(roomiest([other], wanted)).toBe(other);
    expect(roomiest([], wanted)).toBeUndefined();
  });
});
