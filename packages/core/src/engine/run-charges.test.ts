// Runs that take workers of other machines down: charged for losses at which they were alone, parked after `crashesMax` of them.
import { describe, expect, test } from "bun:test";
import { decodeErrorValue } from "@sluice/protocol";
import { workflow } from "@sluice/sdk";
import { SimulatedClock } from "../testing/simulated-clock.ts";
import { EngineFixture, pass, rest } from "./engine-fixture.suite.ts";
import type { FixtureOptions } from "./engine-fixture.suite.ts";
import { finish, plainManifest, PlayedWorker } from "./played-worker.suite.ts";
import { RunCharges } from "./run-charges.ts";

const flow = workflow({ name: "flow" }, async () => undefined);

/** An engine that parks runs whose code nobody has at the moment, and a worker on another machine that comes anew as often as it is asked for. */
async function far(runs: number, options: Partial<FixtureOptions> = {}) {
  const limits = { crashesMax: 2 };
  const f = new EngineFixture({ workflows: [flow], limits, provideVersion: async () => false, ...options });
  await f.engine.start();
  await f.engine.deploy("v1", [plainManifest("flow")]);
  const worker = (life: string): PlayedWorker =>
    new PlayedWorker(f.engine, { id: "far", version: "v1", workflows: ["flow"], life });
  const first = worker("life 1");
  const ids = await Promise.all(Array.from({ length: runs }, () => f.run("flow")));
  await rest();
  return { f, worker, first, ids };
}
/** Runs that a worker was given, in their order. */
const assignedTo = (worker: PlayedWorker): string[] =>
  worker.received.flatMap((message) => (message.type === "assign" ? [message.assignment.run] : []));
const vanished = (life: string) => ({ crashed: false, unexplained: true, life, message: "its socket closed" });

describe("a run that was alone on a machine that is gone", () => {
  test("is charged, and parked when that was once too often; the count begins anew when it is taken up again", async () => {
    const { f, worker, first, ids } = await far(1);
    const [run = ""] = ids;
    await first.lost(vanished("life 1"));
    const second = worker("life 2");
    await second.assigned(run, 1);
    await second.lost(vanished("life 2"));
    await f.until(run, "waiting", "poison");
    const error = decodeErrorValue((await f.store.getRun({ run }))?.error ?? new Uint8Array());
    const losses = ["far: its socket closed", "far: its socket closed"];
    expect(error).toMatchObject({ code: "poison", details: { losses } });
    expect(error.message).toContain("2 times, the last time alone: far: its socket closed.");
    expect(f.engine.hotRuns).toBe(0);
  });

  test("is not charged when the worker lived on, when it was sent away, or when the run got on meanwhile", async () => {
    const { f, worker, first, ids } = await far(1);
    const [run = ""] = ids;
    await first.lost(vanished("life 1"));
    // The same process: its connection was all that was lost.
    let now = worker("life 1");
    let { epoch } = await now.assigned(run, 1);
    await now.lost({ crashed: false, message: "it was removed", life: "life 1" });
    now = worker("life 2");
    ({ epoch } = await now.assigned(run, epoch));
    await now.lost(vanished("life 2"));
    now = worker("life 3");
    ({ epoch } = await now.assigned(run, epoch));
    now.ops(run, epoch, { op: "event", seq: 0, name: "go", n: 0 }, { op: "idle" });
    now.ops(run, epoch, { op: "park", paused: false });
    while (f.engine.hotRuns > 0) await rest(1);
    await f.emit("go");
    ({ epoch } = await now.assigned(run, epoch));
    await now.lost(vanished("life 3"));
    now = worker("life 4");
    now.ops(run, (await now.assigned(run, epoch)).epoch, finish("in the end"));
    expect(await f.ended(run)).toMatchObject({ output: "in the end" });
  });

  test("that always has company goes on alone, and only what happens then parks it", async () => {
    const { f, worker, first, ids } = await far(2);
    const [a = "", b = ""] = ids;
    await first.lost(vanished("life 1"));
    // Both may have been it: one of them is given to the worker, and the other waits.
    const second = worker("life 2");
    await second.assigned(a, 1);
    await rest();
    expect(assignedTo(second)).toEqual([a]);
    await second.lost(vanished("life 2"));
    await f.until(a, "waiting", "poison");
    const third = worker("life 3");
    third.ops(b, (await third.assigned(b, 1)).epoch, finish("fine"));
    expect(await f.ended(b)).toMatchObject({ output: "fine" });
    expect(assignedTo(third)).toEqual([b]);
  });

  test("waits for a worker that is quiet; meanwhile others go elsewhere, and tasks nowhere near it", async () => {
    const { f, worker, first, ids } = await far(2);
    const [a = "", b = ""] = ids;
    const busy = new PlayedWorker(f.engine, { id: "busy", version: "v1", workflows: ["flow"], life: "another life" });
    const others = [await f.run("flow"), await f.run("flow")];
    for (const run of others) await busy.assigned(run);
    await first.lost(vanished("life 1"));
    const kept = worker("life 2");
    await rest();
    // One of the suspects has the worker that is quiet, the other waits for the one that is not.
    const suspect = assignedTo(kept)[0] ?? "";
    expect([[a, b].includes(suspect), assignedTo(kept)]).toEqual([true, [suspect]]);
    expect(assignedTo(busy).toSorted()).toEqual(others.toSorted());
    for (const run of others) busy.ops(run, (await busy.assigned(run)).epoch, finish("done"));
    const second = suspect === a ? b : a;
    busy.ops(second, (await busy.assigned(second, 1)).epoch, finish("it was not me"));
    kept.ops(suspect, (await kept.assigned(suspect, 1)).epoch, finish("nor me"));
    for (const run of ids) expect((await f.ended(run)).status).toBe("completed");
    // Nobody is suspected any more, and both workers are everybody's.
    const more = await Promise.all([f.run("flow"), f.run("flow")]);
    for (const run of more) {
      while (![kept, busy].some((each) => assignedTo(each).includes(run))) await rest(1);
    }
  });

  test("goes on in company where no worker becomes quiet in time, and a loss then is not its last", async () => {
    const clock = new SimulatedClock(Date.UTC(2026, 0, 1));
    const { f, worker, first, ids } = await far(2, { clock });
    await first.lost(vanished("life 1"));
    const second = worker("life 2");
    while (assignedTo(second).length === 0) await rest(1);
    await pass(clock, 31_000);
    while (assignedTo(second).length < 2) await rest(1);
    await second.lost(vanished("life 2"));
    const third = worker("life 3");
    while (assignedTo(third).length === 0) await rest(1);
    for (const run of ids) expect((await f.store.getRun({ run }))?.reason).not.toBe("poison");
  });

  test("a loss that says too little of any run, or of a worker that does not say which process it is, is charged to none", async () => {
    const many = await far(21);
    await many.first.lost(vanished("life 1"));
    const second = many.worker("life 2");
    for (const run of many.ids) await second.assigned(run, 1);
    const { f, first, ids } = await far(1);
    await first.lost({ crashed: false, unexplained: true, message: "its socket closed" });
    for (let life = 2; life <= 4; life++) {
      const now = new PlayedWorker(f.engine, { id: "far", version: "v1", workflows: ["flow"], life: "unsaid" });
      await now.assigned(ids[0] ?? "", life - 1);
      await now.lost({ crashed: false, unexplained: true, message: "its socket closed" });
    }
    expect((await f.store.getRun({ run: ids[0] ?? "" }))?.reason).not.toBe("poison");
  });
});

test("charges are counted by the life of the worker, and taken back for one that lives on", () => {
  const charges = new RunCharges();
  expect(charges.charge("r", { life: "a", what: "w: gone" })).toBe(1);
  expect(charges.charge("r", { life: "a", what: "w: gone again" })).toBe(1);
  expect(charges.charge("r", { life: "b", what: "w: silent" })).toBe(2);
  charges.cameBack("a");
  expect(charges.poisonOf("r").details).toEqual({ losses: ["w: silent"] });
  charges.clear("r");
  expect(charges.charge("r", { life: "c", what: "w: gone" })).toBe(1);
});
