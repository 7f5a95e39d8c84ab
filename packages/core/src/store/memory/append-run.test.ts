import { describe, expect, test } from "bun:test";
import { Fixture, by, op, read, value } from "./fixture.suite.ts";

describe("a run as a whole", () => {
  test("that undoes waits for nothing else and cannot time out", async () => {
    const f = new Fixture();
    await f.hot("a", { timeoutAt: 5000 });
    await f.append("a", op.undoable(0), op.done(0), op.sleep(1, 4000), op.approval(2, "tok"));
    const failed = { status: "failed", reason: "error", error: value({ message: "broken" }) } as const;
    const undoing = await f.append("a", { op: "undoing", ...failed });
    expect(undoing.status).toBe("undoing");
    expect((await f.store.stats()).timers).toBe(0);
    expect((await f.store.getToken({ token: "tok" }))?.status).toBe("expired");
    await f.append("a", op.retry(-1, 6000), op.idle);
    expect((await f.run("a")).status).toBe("undoing");
    expect(await f.park("a")).toBe("parked");
    expect(await f.run("a")).toMatchObject({ status: "undoing", outcome: failed, owner: undefined });
    expect(await f.claim()).toEqual([]);
    expect((await f.fire(6000)).effects.ready).toBe(1);
    expect(await f.claim()).toEqual(["a"]);
    expect((await f.run("a")).status).toBe("undoing");
    expect((await f.append("a", op.undone(0), { op: "finish", ...failed })).status).toBe("failed");
  });

  test("that is blocked leaves memory until an operator acts", async () => {
    const f = new Fixture();
    await f.hot("a");
    const blocked = await f.append("a", op.done(0), { op: "blocked", reason: "non_determinism", error: value("why") });
    expect(blocked.status).toBe("waiting");
    expect(await f.run("a")).toMatchObject({ blocked: true, reason: "non_determinism", owner: undefined, epoch: 2 });
    expect(await f.claim()).toEqual([]);
    expect(await f.store.resumeRun({ by, run: "a", now: 1000 })).toMatchObject({
      outcome: "ok",
      run: { blocked: false, status: "queued", reason: undefined, error: undefined },
      effects: { ready: 1 },
    });
  });

  test("keeps its last progress and every line of its log", async () => {
    const f = new Fixture();
    await f.hot("a");
    for (const step of [1, 2]) {
      await f.append(
        "a",
        { op: "progress", value: value(step), at: 1000 },
        { op: "log", level: "warn", message: `step ${step}`, data: value(step), at: 1000 + step },
      );
    }
    expect(read((await f.run("a")).progress)).toBe(2);
    expect(await f.store.listLogs({ run: "a", after: 0, limit: 1 })).toEqual([
      { line: 1, level: "warn", message: "step 1", data: value(1), at: 1001 },
    ]);
    expect(await f.store.listLogs({ run: "a", after: 1, limit: 9 })).toMatchObject([{ line: 2, at: 1002 }]);
    expect(await f.store.listLogs({ run: "none", after: 0, limit: 9 })).toEqual([]);
  });
});
