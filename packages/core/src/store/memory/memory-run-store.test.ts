import { describe, expect, test } from "bun:test";
import { engineItself } from "../../kernel/inner-actor.ts";
import { runStoreSuite } from "../run-store.suite.ts";
import { encodeBlobRef } from "../../kernel/blob-ref.ts";
import { expectSettled, Fixture, by, childOf, nothing, op, read, refusal, value } from "./fixture.suite.ts";
import { MemoryRunStore } from "./memory-run-store.ts";

runStoreSuite("in memory", () => new MemoryRunStore());

describe("a run from start to end", () => {
  test("is created, claimed, written to and finished", async () => {
    const f = new Fixture();
    expect(await f.create("a")).toEqual({ ...nothing, ready: 1 });
    expect(await f.claim()).toEqual(["a"]);
    expect(await f.run("a")).toMatchObject({ status: "running", epoch: 1, owner: "e1", startedAt: 1000 });
    const step = await f.append("a", op.done(0, "one"));
    expect(step).toMatchObject({ status: "running", effects: nothing });
    expect(step.events).toEqual([{ event: "settle", seq: 0, ord: 1, status: "completed", at: 1000 }]);
    const end = await f.append("a", op.finish("out"));
    expect(end.status).toBe("completed");
    expect(end.effects.finished).toMatchObject([{ run: "a", workflow: "w", status: "completed" }]);
    expect(await f.run("a")).toMatchObject({ status: "completed", epoch: 2, owner: undefined, endedAt: 1000 });
    expect(read((await f.run("a")).output)).toBe("out");
    expect(await f.journal("a")).toEqual([[0, "completed", "one"]]);
  });

  test("goes on where it was after a nap", async () => {
    const f = new Fixture();
    await f.hot("a");
    const nap = await f.append("a", op.sleep(0, 5000), op.idle);
    expect(nap).toMatchObject({ status: "waiting", events: [], effects: { due: 5000 } });
    expect(await f.park("a")).toBe("parked");
    expect(await f.fire(4999)).toMatchObject({ fired: 0, next: 5000 });
    expect(await f.fire(5000)).toEqual({
      fired: 1,
      next: undefined,
      effects: { ...nothing, ready: 1, touched: ["a"] },
    });
    const [claimed] = await f.store.claimRuns({
      by: engineItself,
      owner: "e2",
      limit: 1,
      now: 5000,
      journalBytesMax: 1e6,
    });
    expect(claimed).toMatchObject({
      run: { id: "a", epoch: 3, owner: "e2", status: "running" },
      journal: [{ seq: 0, kind: "sleep", status: "completed", ord: 1, end: 5000 }],
      next: undefined,
    });
  });

  test("hears in memory what happens outside", async () => {
    const f = new Fixture();
    await f.hot("a");
    await f.append("a", op.event(0, "paid"), op.idle);
    const emitted = await f.store.emitEvent({ by, name: "paid", payload: value(7), now: 1500 });
    expect(emitted.effects.deliveries).toEqual([
      {
        run: "a",
        epoch: 1,
        owner: "e1",
        event: { event: "settle", seq: 0, ord: 1, status: "completed", at: 1500, value: value(7) },
      },
    ]);
    expect((await f.run("a")).status).toBe("running");
  });
});

describe("fences", () => {
  test("an incarnation that was parked can write nothing", async () => {
    const f = new Fixture();
    await f.hot("a");
    await f.append("a", op.sleep(0, 5000), op.idle);
    await f.park("a");
    for (const epoch of [1, 2]) {
      expect(await f.store.append({ by: engineItself, run: "a", epoch, ops: [op.done(1)], now: 1000 })).toEqual({
        outcome: "stale",
      });
    }
    expect(await f.store.append({ by: engineItself, run: "none", epoch: 1, ops: [], now: 1000 })).toEqual({
      outcome: "stale",
    });
    expect(await f.journal("a")).toEqual([[0, "running", undefined]]);
  });

  test("what no engine sends is refused before anything is written", async () => {
    const f = new Fixture();
    await f.hot("a");
    const unreadable = f.store.append({
      by: engineItself,
      run: "a",
      epoch: 1,
      ops: [op.done(0), { op: "emit", seq: 1, name: "x", n: 0, payload: new Uint8Array([0xc1]) }],
      now: 1000,
    });
    expect(await refusal(unreadable)).not.toBe("not refused");
    expect(await f.journal("a")).toEqual([]);
  });
});

describe("the store itself", () => {
  test("answers later, in the order of the calls", async () => {
    const f = new Fixture();
    const order: string[] = [];
    const first = f.create("a").then(() => order.push("created"));
    const second = f.claim().then((ids) => order.push(...ids));
    order.push("called");
    await Promise.all([first, second]);
    expect(order).toEqual(["called", "created", "a"]);
  });

  test("hands out copies", async () => {
    const f = new Fixture();
    await f.hot("a");
    const before = await f.run("a");
    await f.append("a", op.sleep(0, 5000));
    const { entries } = await f.store.readJournal({ run: "a", bytesMax: 1 });
    await f.append("a", op.finish());
    await f.fire(5000);
    expect(before.status).toBe("running");
    expect(entries[0]?.status).toBe("running");
  });

  test("counts and measures what it holds, and knows the blobs in use", async () => {
    const f = new Fixture();
    const [input, output, unused] = ["ab", "cd", "ef"].map((pair) => pair.repeat(32));
    await f.create("a", { input: encodeBlobRef(input!) });
    await f.hot("b");
    await f.append("b", op.sleep(0, 5000), { op: "log", level: "info", message: "hi", at: 1000 });
    await f.hot("c");
    await f.append("c", { op: "finish", status: "completed", output: encodeBlobRef(output!) });
    const stats = await f.store.stats();
    expect(stats).toMatchObject({ runs: { queued: 1, running: 1, completed: 1 }, ready: 1, timers: 1, events: 0 });
    expect(stats.bytes).toBeGreaterThan(66);
    expect(await f.store.blobsInUse({ blobs: [output!, unused!, input!] })).toEqual([output!, input!]);
    expect(await f.store.versionsInUse()).toEqual([{ version: "v1", runs: 2 }]);
    expect(await f.store.listLogs({ run: "b", after: 0, limit: 5 })).toMatchObject([{ line: 1, message: "hi" }]);
    expect(await f.store.listLogs({ run: "b", after: 1, limit: 5 })).toEqual([]);
  });

  test("refuses a backup, and everything once closed", async () => {
    const f = new Fixture();
    expect(await refusal(f.store.backup())).toBe("store_failed");
    await f.store.close();
    expect(await refusal(f.create("a"))).toBe("store_failed");
    expect(await refusal(f.store.stats())).toBe("store_failed");
  });
});

describe("children", () => {
  test("settle the call they were made by and are cancelled with their parent", async () => {
    const f = new Fixture();
    await f.hot("p");
    const called = await f.append("p", op.call(0, childOf("p", 0)), op.call(1, childOf("p", 1)), op.idle);
    expect(called.effects.ready).toBe(2);
    expect(await f.claim(1)).toEqual(["p.0"]);
    const end = await f.append("p.0", op.finish("done"));
    expectSettled(
      end.effects.deliveries.map((delivery) => delivery.event),
      [0, "completed", "done"],
    );
    const last = await f.append("p", op.finish());
    expect(last.effects.finished).toMatchObject([
      { run: "p", status: "completed" },
      { run: "p.1", status: "cancelled", reason: "cancelled_by_parent" },
    ]);
  });
});
