import { describe, expect, test } from "bun:test";
import { Fixture, by, newRun, op, refusal } from "./fixture.suite.ts";

describe("claiming", () => {
  test("goes by priority, then by age", async () => {
    const f = new Fixture();
    for (const [id, priority] of [
      ["a", 0],
      ["b", 5],
      ["c", 0],
      ["d", 5],
      ["e", -1],
    ] as const)
      await f.create(id, { priority });
    expect(await f.claim(3)).toEqual(["b", "d", "a"]);
    expect(await f.claim()).toEqual(["c", "e"]);
    expect(await f.claim()).toEqual([]);
  });

  test("runs of one serial key one after the other", async () => {
    const f = new Fixture();
    expect((await f.create("a", { serialKey: "s" })).ready).toBe(1);
    expect((await f.create("b", { serialKey: "s" })).ready).toBe(0);
    expect((await f.create("c", { serialKey: "s" })).ready).toBe(0);
    await f.create("d", { serialKey: "other" });
    expect(await f.claim()).toEqual(["a", "d"]);
    expect((await f.append("a", op.finish())).effects.ready).toBe(1);
    expect(await f.claim()).toEqual(["b"]);
    await f.store.cancelRun({
      by,
      run: "c",
      notice: { status: "cancelled", reason: "cancelled_by_user", message: "no" },
      error: new Uint8Array([1]),
      now: 1000,
    });
    expect((await f.append("b", op.finish())).effects.ready).toBe(0);
    expect(await f.claim()).toEqual([]);
    const next = await f.store.createRun({
      by,
      run: newRun("e", { serialKey: "s" }),
      claim: { owner: "e1" },
      now: 1000,
    });
    expect(next).toMatchObject({ outcome: "created", run: { owner: "e1" } });
  });

  test("a retried run takes its old place in its line", async () => {
    const f = new Fixture();
    for (const id of ["a", "b", "c"]) await f.create(id, { serialKey: "s" });
    await f.claim();
    await f.append("a", op.fail());
    const retried = await f.store.retryRun({ by, run: "a", now: 1000 });
    expect(retried).toMatchObject({ outcome: "ok", effects: { ready: 1 } });
    expect(await f.claim()).toEqual(["a"]);
    expect((await f.append("a", op.finish())).effects.ready).toBe(1);
    expect(await f.claim()).toEqual(["b"]);
  });
});

describe("age", () => {
  test("counts by time of creation, at the same time by id, in whatever order runs came", async () => {
    const f = new Fixture();
    for (const [id, createdAt] of [
      ["b", 500],
      ["a", 900],
      ["c", 100],
      ["d", 500],
    ] as const) {
      await f.create(id, { createdAt, serialKey: id === "a" ? undefined : "s" });
    }
    expect((await f.store.listRuns({ filter: {}, limit: 9 })).runs.map(({ id }) => id)).toEqual(["a", "d", "b", "c"]);
    expect(await f.claim()).toEqual(["c", "a"]);
    await f.append("c", op.finish());
    expect(await f.claim()).toEqual(["b"]);
  });
});

describe("listing", () => {
  async function setUp() {
    const f = new Fixture();
    await f.create("a", { workflow: "x", tags: ["t"] });
    f.now = 2000;
    await f.create("b", { workflow: "y", version: "v2" });
    f.now = 3000;
    await f.hot("c", { workflow: "x", tags: ["t", "u"], parent: { run: "a", seq: 0, detached: true } });
    return f;
  }

  test("is newest first and filtered", async () => {
    const f = await setUp();
    const ids = async (filter: Parameters<typeof f.store.listRuns>[0]["filter"], access?: { workflows: string[] }) => {
      const { runs } = await f.store.listRuns({ filter, limit: 10, access });
      expect(await f.store.countRuns({ filter, access })).toBe(runs.length);
      return runs.map((run) => run.id).join("");
    };
    expect(await ids({})).toBe("cba");
    expect(await ids({ workflow: "x" })).toBe("ca");
    expect(await ids({ status: ["queued"] })).toBe("ba");
    expect(await ids({ status: [] })).toBe("");
    expect(await ids({ tag: "u" })).toBe("c");
    expect(await ids({ from: 2000, to: 3000 })).toBe("b");
    expect(await ids({ parent: "a" })).toBe("c");
    expect(await ids({ version: "v2" })).toBe("b");
    expect(await ids({}, { workflows: ["y"] })).toBe("b");
    expect(await ids({ workflow: "x" }, { workflows: ["y"] })).toBe("");
  });

  test("comes in pages that do not shift when runs are added or deleted", async () => {
    const f = await setUp();
    const first = await f.store.listRuns({ filter: {}, limit: 2 });
    expect(first.runs.map((run) => run.id)).toEqual(["c", "b"]);
    await f.create("d");
    await f.append("c", op.finish());
    await f.store.deleteRuns({ by, runs: ["c"], now: 1000 });
    const second = await f.store.listRuns({ filter: {}, limit: 2, cursor: first.next });
    expect(second.runs.map((run) => run.id)).toEqual(["a"]);
    expect(second.next).toBeUndefined();
    for (const cursor of ["", "x", "r", "r1.5", "r-1"]) {
      expect(await refusal(f.store.listRuns({ filter: {}, limit: 1, cursor }))).toBe("invalid_filter");
    }
  });

  test("one run is seen by those who may see its workflow", async () => {
    const f = await setUp();
    expect(await f.store.getRun({ run: "a", access: { workflows: ["y"] } })).toBeUndefined();
    expect(await f.store.getRun({ run: "a", access: { workflows: ["x"] } })).toMatchObject({ id: "a" });
    expect(await f.store.getRun({ run: "none" })).toBeUndefined();
  });
});
