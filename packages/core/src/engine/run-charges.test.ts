// Runs that take workers of other machines down: charged for losses at which they were alone, parked after `crashesMax` of them.
import { describe, expect, test } from "bun:test";
import { decodeErrorValue } from "@sluice/protocol";
import { workflow } from "@sluice/sdk";
import { EngineFixture, rest } from "./engine-fixture.suite.ts";
import { finish, plainManifest, PlayedWorker } from "./played-worker.suite.ts";
import { RunCharges } from "./run-charges.ts";

const flow = workflow({ name: "flow" }, async () => undefined);

/** An engine that parks runs whose code nobody has at the moment, and a worker on another machine that comes anew as often as it is asked for. */
async function far(runs: number) {
  const f = new EngineFixture({ workflows: [flow], limits: { crashesMax: 2 }, provideVersion: async () => false });
  await f.engine.start();
  await f.engine.deploy("v1", [plainManifest("flow")]);
  const worker = (life: string): PlayedWorker =>
    new PlayedWorker(f.engine, { id: "far", version: "v1", workflows: ["flow"], life });
  const first = worker("life 1");
  const ids = await Promise.all(Array.from({ length: runs }, () => f.run("flow")));
  await rest();
  return { f, worker, first, ids };
}
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
    expect(error.message).toContain("2 times, each time alone: far: its socket closed.");
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

  test("no run is charged where another one was executing as well, or a worker does not say which process it is", async () => {
    const { f, worker, first, ids } = await far(2);
    await first.lost(vanished("life 1"));
    for (let life = 2; life <= 4; life++) {
      const now = worker(`life ${life}`);
      for (const run of ids) await now.assigned(run, life - 1);
      await now.lost(vanished(`life ${life}`));
    }
    const last = worker("life 5");
    for (const run of ids) last.ops(run, (await last.assigned(run, 4)).epoch, finish("fine"));
    for (const run of ids) expect(await f.ended(run)).toMatchObject({ output: "fine" });
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
