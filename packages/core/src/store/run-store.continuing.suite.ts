// Runs that go on as others: what moves to the next one in the commit that ends the one before.
import { describe, expect, test } from "bun:test";
import { encodeBlobRef } from "../kernel/blob-ref.ts";
import type { NewRun, StoreOp } from "../kernel/run-store.ts";
import {
  call,
  delivered,
  finish,
  read,
  start,
  value,
  waitFor,
  withStore,
  type MakeStore,
} from "./run-store.fixture.suite.ts";

export function continuingSuite(name: string, makeStore: MakeStore): void {
  describe(`${name}: going on as another run`, () => {
    const desk = withStore(makeStore);
    const goOn = (child: NewRun): StoreOp => ({
      op: "finish",
      status: "completed",
      reason: "continued",
      input: child.input,
      child,
    });

    test("ends one and begins the other, which takes over what it was started with", async () => {
      await desk.hot("r1", {
        tags: ["a", "scheduled:2023-11-14T00:00:00.000Z"],
        priority: 3,
        schedule: "s",
        version: "v1",
      });
      const { effects, status } = await desk.append("r1", goOn(desk.newRun("r2", { version: "" })));
      expect(status).toBe("completed");
      expect(effects.ready).toBe(1);
      expect(effects.finished).toMatchObject([
        { run: "r1", status: "completed", reason: "continued", continuedTo: "r2" },
      ]);
      expect(await desk.run("r1")).toMatchObject({ status: "completed", chain: "r1", continuedTo: "r2" });
      expect(await desk.run("r2")).toMatchObject({
        status: "queued",
        version: "v1",
        tags: ["a"],
        priority: 3,
        schedule: "s",
        chain: "r1",
        continuedFrom: "r1",
        by: (await desk.run("r1")).by,
      });
      await desk.claim();
      await desk.append("r2", goOn(desk.newRun("r3")));
      const { runs } = await desk.store.listRuns({ filter: { chain: "r1" }, limit: 9 });
      expect(runs.map(({ id }) => id).toSorted()).toEqual(["r1", "r2", "r3"]);
      expect(await desk.store.countRuns({ filter: { chain: "r1", status: ["completed"] } })).toBe(2);
      expect(await desk.store.countRuns({ filter: { chain: "r2" } })).toBe(1);
    });

    test("lets whoever waits for the one wait for the other", async () => {
      await desk.hot("p");
      await desk.append("p", call(0, desk.newRun("c1", { parent: { run: "p", seq: 0, detached: false } })));
      await desk.claim();
      expect(delivered((await desk.append("c1", goOn(desk.newRun("c2")))).effects)).toEqual([]);
      expect((await desk.run("c2")).parent).toEqual({ run: "p", seq: 0, detached: false });
      await desk.claim();
      const { effects } = await desk.append("c2", finish("end"));
      expect(effects.deliveries).toMatchObject([{ run: "p", event: { event: "settle", seq: 0, value: value("end") } }]);
    });

    test("leads a call with the key of the first to the last", async () => {
      await desk.hot("c1", { key: "k" });
      await desk.append("c1", goOn(desk.newRun("c2")));
      await desk.claim();
      await desk.hot("p");
      const again = desk.newRun("other", { key: "k", parent: { run: "p", seq: 0, detached: false } });
      await desk.append("p", call(0, again));
      const { effects } = await desk.append("c2", finish(7));
      expect(effects.deliveries).toMatchObject([{ run: "p", event: { event: "settle", seq: 0, value: value(7) } }]);
      const later = await desk.append("p", call(1, { ...again, id: "third" }));
      const settled = later.events.find((event) => event.event === "settle");
      expect(read(settled?.event === "settle" ? settled.value : undefined)).toBe(7);
    });

    test("hands on what has been taken of the events, and what has not", async () => {
      await desk.hot("r1");
      for (const n of [1, 2, 3]) await desk.emit("e", n);
      await desk.append("r1", waitFor(0, "e"), goOn(desk.newRun("r2")));
      await desk.claim();
      await desk.append("r2", waitFor(0, "e"), goOn(desk.newRun("r3")));
      await desk.claim();
      const { events } = await desk.append("r3", waitFor(0, "e"));
      expect(read(events[0]?.event === "settle" ? events[0].value : undefined)).toBe(3);
    });

    test("lets runs of its serial key go in the order in which they were created", async () => {
      await desk.hot("r1", { serialKey: "s" });
      desk.now++;
      await desk.create("r2", { serialKey: "s" });
      desk.now++;
      await desk.append("r1", goOn(desk.newRun("r3")));
      expect(await desk.claimIds()).toEqual(["r2"]);
      await desk.append("r2", finish());
      expect(await desk.claimIds()).toEqual(["r3"]);
    });

    test("loses to a cancellation, and holds the blob of its input", async () => {
      const blob = "cd".repeat(32);
      await desk.hot("r1");
      const input = encodeBlobRef(blob);
      await desk.append("r1", goOn(desk.newRun("r2", { input })));
      expect(await desk.store.blobsInUse({ blobs: [blob] })).toEqual([blob]);
      await desk.claim();
      const notice = { status: "cancelled", reason: "cancelled_by_user", message: "no" } as const;
      const by = { kind: "user", id: "ada" } as const;
      await desk.store.cancelRun({ by, run: "r2", notice, error: value(0), now: start });
      await desk.append("r2", goOn(desk.newRun("r3")));
      expect(await desk.store.getRun({ run: "r3" })).toBeUndefined();
    });
  });
}
