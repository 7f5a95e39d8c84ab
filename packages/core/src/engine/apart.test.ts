// Who is kept for whom: a suspect gets the worker with the least to do, which is everybody's again when the suspect waits or is gone.
import { expect, test } from "bun:test";
import { SimulatedClock } from "../testing/simulated-clock.ts";
import { Apart } from "./apart.ts";
import { deployedOf, Deployments } from "./deployments.ts";
import { HotRuns } from "./hot-runs.ts";
import { plainOffer } from "./tasks/offer.ts";
import type { TaskWorker } from "./tasks/offer.ts";

class Desk {
  readonly clock = new SimulatedClock(0);
  readonly hot = new HotRuns();
  readonly deployments = new Deployments((id) => this.hot.countOn(id));
  readonly refilled: string[] = [];
  readonly workers = new Map<string, TaskWorker>();
  readonly apart = new Apart({
    clock: this.clock,
    hot: this.hot,
    deployments: this.deployments,
    tasks: () => ({ worker: (id) => this.workers.get(id), refill: (id) => void this.refilled.push(id) }),
  });

  join(id: string, remote = true, version = "v"): TaskWorker {
    const link = { id, send: () => undefined };
    const common = { link, offer: plainOffer, version, tasks: new Set<string>(), leaving: false, held: new Map() };
    const worker: TaskWorker = { ...common, remote };
    this.workers.set(id, worker);
    this.deployments.add(deployedOf(worker, { version, workflows: [] }));
    return worker;
  }

  run(id: string, on?: string) {
    const hot = this.hot.add({ run: id, epoch: 1, workflow: "w", version: "v", entries: 0 });
    if (on !== undefined) this.hot.give(hot, on);
    return hot;
  }

  /** Asks for a worker; the names of those that were given so far. */
  place(id: string): (string | undefined)[] {
    const hot = this.run(id);
    const given: (string | undefined)[] = [];
    this.apart.place(hot, "v", (worker) => {
      given.push(worker?.link.id);
      if (worker !== undefined) this.hot.give(hot, worker.link.id);
    });
    return given;
  }
}

test("a worker is kept while the suspect executes, and everybody's again when it waits", () => {
  const desk = new Desk();
  const [far] = [desk.join("far"), desk.join("near", false)];
  expect(desk.place("suspect")).toEqual(["far"]);
  expect([far?.apart, desk.deployments.withVersion("v")?.link.id]).toEqual([true, "near"]);
  desk.hot.all()[0]!.idle = true;
  desk.clock.advance(50);
  expect([far?.apart, desk.refilled]).toEqual([false, ["far"]]);
  expect(desk.deployments.keeps("far")).toBe(false);
});

test("it begins when runs and tasks of before have ended, and what is new goes to the only worker all the same", () => {
  const desk = new Desk();
  const far = desk.join("far");
  const other = desk.run("other", "far");
  far.held.set("t 1", { retry: { attempts: 1 } as never, key: "k" });
  const given = desk.place("suspect");
  expect([given, far.apart, desk.deployments.withVersion("v")?.link.id]).toEqual([[], true, "far"]);
  other.idle = true;
  desk.clock.advance(50);
  expect(given).toEqual([]);
  far.held.clear();
  desk.clock.advance(50);
  expect(given).toEqual(["far"]);
});

test("a second suspect waits for the first, in company after half a minute, and is told where nobody is left", () => {
  const desk = new Desk();
  desk.join("far");
  expect(desk.place("first")).toEqual(["far"]);
  const second = desk.place("second");
  desk.clock.advance(29_950);
  expect(second).toEqual([]);
  desk.clock.advance(100);
  expect(second).toEqual(["far"]);
  const third = desk.place("third");
  desk.deployments.remove("far");
  desk.clock.advance(50);
  expect(third).toEqual([undefined]);
});

test("who has left memory is given nothing, and keeps nobody", () => {
  const desk = new Desk();
  const far = desk.join("far");
  const busy = desk.run("busy", "far");
  const given = desk.place("suspect");
  desk.hot.remove("suspect", 1);
  busy.idle = true;
  desk.clock.advance(50);
  expect([given, far.apart]).toEqual([[], false]);
});

test("a worker that comes back under its name with other code is kept for nobody", () => {
  const desk = new Desk();
  desk.join("far");
  const busy = desk.run("busy", "far");
  const given = desk.place("suspect");
  desk.join("other");
  desk.deployments.remove("far");
  const back = desk.join("far", true, "next");
  busy.idle = true;
  desk.clock.advance(50);
  expect([given, back.apart ?? false, desk.deployments.keeps("far")]).toEqual([["other"], false, false]);
});
