import { describe, expect, test } from "bun:test";
import { Fixture, by, newRun, nothing } from "./fixture.suite.ts";

describe("creating", () => {
  test("with a key that is taken answers the run that has it", async () => {
    const f = new Fixture();
    await f.create("a", { key: "k", inputHash: "1" });
    const again = (more: Parameters<typeof newRun>[1]) => f.store.createRun({ by, run: newRun("b", more), now: 1000 });
    expect(await again({ key: "k", inputHash: "1" })).toMatchObject({ outcome: "existing", run: { id: "a" } });
    expect(await again({ key: "k", inputHash: "2" })).toMatchObject({ outcome: "conflict", run: { id: "a" } });
    expect(await again({ key: "k", inputHash: "1", workflow: "other" })).toMatchObject({ outcome: "created" });
    expect(await again({})).toMatchObject({ outcome: "id_taken", run: { id: "b" } });
    expect(await f.store.findByKey({ workflow: "w", key: "k" })).toMatchObject({ id: "a" });
    expect(await f.store.findByKey({ workflow: "w", key: "none" })).toBeUndefined();
  });

  test("hands a run to the engine that asked, once its time has come and nobody is before it", async () => {
    const f = new Fixture();
    const claimed = (id: string, more: Parameters<typeof newRun>[1]) =>
      f.store.createRun({ by, run: newRun(id, more), claim: { owner: "e1" }, now: 1000 });
    const running = { status: "running", epoch: 1, owner: "e1", startedAt: 1000 } as const;
    expect(await claimed("a", { serialKey: "s", timeoutAt: 9000 })).toMatchObject({
      run: { ...running, by, attempt: 1, generation: 0, ord: 0 },
      effects: { ...nothing, due: 9000 },
    });
    expect(await claimed("b", { dueAt: 1001 })).toMatchObject({
      run: { status: "queued", reason: "delayed", epoch: 0 },
      effects: { ...nothing, due: 1001 },
    });
    expect(await claimed("c", { serialKey: "s" })).toMatchObject({
      run: { status: "queued", epoch: 0 },
      effects: nothing,
    });
  });

  test("a delayed run is claimed once it is due", async () => {
    const f = new Fixture();
    await f.create("a", { dueAt: 2000 });
    expect(await f.claim()).toEqual([]);
    expect(await f.fire(2000)).toMatchObject({ fired: 1, effects: { ready: 1, touched: ["a"] } });
    expect((await f.run("a")).reason).toBeUndefined();
    expect(await f.claim()).toEqual(["a"]);
  });
});
