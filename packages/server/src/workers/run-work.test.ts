// Runs and tasks on workers of other machines: real engine, real listener, real worker, with a connection that the test cuts.
import { afterEach, describe, expect, test } from "bun:test";
import { systemClock } from "@sluice/core";
import type { Fleet } from "@sluice/core/workers";
import type { WorkerToEngine } from "@sluice/protocol";
import { task, workflow } from "@sluice/sdk";
import type { Task, Workflow } from "@sluice/sdk";
import { systemWorkerClock, Worker, workerLimits } from "@sluice/worker";
import { dialTcp, RemoteWorker } from "@sluice/worker/remote";
import { AsyncStepScope } from "@sluice/worker/step-scope";
import { HttpFixture, token } from "../http-fixture.ts";
import { openFleet } from "./open-fleet.ts";
import { RunWork } from "./run-work.ts";
import { listenForWorkers } from "./tcp-listener.ts";

const stops: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).toReversed()) await stop();
});

interface Desk {
  readonly fixture: HttpFixture;
  readonly fleet: Fleet;
  readonly port: number;
  readonly work: RunWork;
}

const gates: (() => void)[] = [];
let begun = 0;
const hold = task({ name: "hold" }, async (n: number) => {
  begun++;
  await new Promise<void>((resolve) => gates.push(resolve));
  return n;
});
const holds = workflow({ name: "holds" }, (ctx, n: number) => ctx.task("hold", n));
const both = workflow({ name: "both" }, async (ctx, n: number) => [
  await ctx.step("here", () => n),
  await ctx.task("hold", n),
]);

/** Where it is, which is executing all the time. */
const stays = workflow({ name: "stays" }, (ctx, by: number) =>
  ctx.step("stay", async () => {
    begun++;
    await new Promise<void>((resolve) => gates.push(resolve));
    return by;
  }),
);

const stayers = [stays];

/** `crashesMax` is for a server without code of its own. */
async function desk(graceMs = 300, crashesMax?: number): Promise<Desk> {
  begun = 0;
  gates.length = 0;
  const fixture = await HttpFixture.make(
    crashesMax === undefined ? { workflows: [holds] } : { workflows: [], limits: { crashesMax } },
  );
  const { engine, store, identity } = fixture;
  const log = (level: string, message: string, fields?: object): void =>
    void fixture.logs.push({ level, message, fields } as never);
  const otherWork = new RunWork({
    engine,
    clock: systemClock,
    log,
    hasOwnCode: () => crashesMax === undefined && engine.deployments.version === "v1",
  });
  const limits = { reconnectGraceMs: graceMs };
  const fleet = await openFleet({ engine, store, identity, authentication: true, log, limits, otherWork });
  const listener = listenForWorkers({
    host: "127.0.0.1",
    port: 0,
    tls: undefined,
    after: (delayMs, callback) => systemClock.after(delayMs, callback),
    connect: async (transport) => fleet.connect(transport),
  });
  stops.push(() => {
    fleet.stop();
    otherWork.stop();
    listener.stop();
    return engine.stop(0);
  });
  return { fixture, fleet, port: listener.port, work: otherWork };
}

interface Remote {
  readonly remote: RemoteWorker;
  /** Ends the connection as a network would. */
  readonly cut: () => void;
  readonly said: string[];
}

function connect(
  { port }: Desk,
  id: string,
  more: {
    readonly tasks?: readonly Task[];
    readonly retryMs?: number;
    readonly workflows?: readonly Workflow[];
    readonly said?: (message: WorkerToEngine) => WorkerToEngine;
  } = {},
): Remote {
  const dial = dialTcp({ host: "127.0.0.1", port, tls: false });
  let end = (): void => undefined;
  const said: string[] = [];
  const { tasks = [hold], retryMs = 20, workflows = [both], said: says = (message: WorkerToEngine) => message } = more;
  const remote = new RemoteWorker({
    dial: async (events) => {
      const socket = await dial(events);
      end = () => socket.end();
      return socket;
    },
    clock: systemWorkerClock,
    random: () => 0.5,
    newId: () => crypto.randomUUID(),
    runtime: "bun",
    heartbeatMs: 1_000,
    hello: { worker_id: id, capabilities: ["runs", "tasks"], runtime: "bun", slots: 2 },
    secret: () => token,
    onCredential: () => undefined,
    makeWorker: (send) =>
      new Worker({
        id,
        version: workflows === stayers ? "code that stays" : `code of ${id}`,
        workflows: [...workflows],
        tasks,
        clock: systemWorkerClock,
        limits: workerLimits,
        stepScope: new AsyncStepScope(),
        send: (message) => send(says(message)),
      }),
    log: (message) => said.push(message),
    retryMs,
    retryMsMax: retryMs,
  });
  stops.push(async () => {
    for (const go of gates.splice(0)) go();
    remote.leave(0);
    await remote.ended;
  });
  return { remote, cut: () => end(), said };
}

async function until(look: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await look())) await new Promise((resolve) => void setTimeout(resolve, 2));
}

async function start(fixture: HttpFixture, name: string, input: number): Promise<string> {
  const { body } = await fixture.post(`/api/v1/workflows/${name}/runs`, { input });
  return (body as { readonly run: { readonly id: string } }).run.id;
}

const ended = async (fixture: HttpFixture, run: string): Promise<unknown> =>
  ((await fixture.get(`/api/v1/runs/${run}?wait=5s`)).body as { readonly run: { readonly output: unknown } }).run
    .output;

describe("RunWork", () => {
  test("has workers connect anew, at once, when the server goes on after it had given them up", async () => {
    const site = await desk();
    const { said } = connect(site, "w1", { tasks: [hold] });
    const before = await start(site.fixture, "holds", 1);
    await until(() => begun === 1);
    const { engine } = site.fixture;
    await engine.rest(0);
    const meanwhile = await start(site.fixture, "holds", 2);
    engine.wake();
    site.work.resumed();
    await until(() => said.filter((line) => line === "connected").length === 2);
    expect(said.some((line) => line.includes("Connect again"))).toBe(true);
    // The one it had was given out again; what it still says of the first time is late.
    await until(() => begun === 3);
    for (const go of gates.splice(0)) go();
    expect(await Promise.all([before, meanwhile].map((run) => ended(site.fixture, run)))).toEqual([1, 2]);
  });

  test("has the older of two workers with one name end, instead of both sending each other away for ever", async () => {
    const site = await desk();
    const older = connect(site, "twin");
    await until(() => older.said.includes("connected"));
    const newer = connect(site, "twin");
    expect(await older.remote.ended).toEqual({ refused: "Another worker with this worker_id has connected." });
    await until(() => newer.said.includes("connected"));
    const run = await start(site.fixture, "holds", 7);
    await until(() => begun === 1);
    for (const go of gates.splice(0)) go();
    expect(await ended(site.fixture, run)).toBe(7);
    expect(newer.said).toEqual(["connected"]);
  });

  test("gives a worker tasks of runs that are executed elsewhere, and no more than it has slots", async () => {
    const site = await desk();
    connect(site, "w1");
    const runs = await Promise.all([1, 2, 3].map((n) => start(site.fixture, "holds", n)));
    await until(() => begun === 2);
    const [worker] = site.fleet.workers;
    expect([worker?.otherWork, worker?.room]).toEqual([2, 0]);
    gates.shift()?.();
    await until(() => begun === 3);
    for (const go of gates.splice(0)) go();
    expect(await Promise.all(runs.map((run) => ended(site.fixture, run)))).toEqual([1, 2, 3]);
    await until(() => worker?.otherWork === 0);
  });

  test("leaves a worker that comes back within its time the tasks it still has", async () => {
    const site = await desk();
    const { cut, said } = connect(site, "w1");
    const run = await start(site.fixture, "holds", 4);
    await until(() => begun === 1);
    cut();
    await until(() => said.filter((line) => line === "connected").length === 2);
    const [record] = await site.fixture.store.listTasks({ limit: 1 });
    expect(record?.epoch).toBe(1);
    for (const go of gates.splice(0)) go();
    expect(await ended(site.fixture, run)).toBe(4);
    expect(begun).toBe(1);
  });

  test("takes the result of a task that ended while there was no connection", async () => {
    const site = await desk(2_000);
    const { cut, said } = connect(site, "w1", { retryMs: 200 });
    const run = await start(site.fixture, "holds", 5);
    await until(() => begun === 1);
    cut();
    await until(() => said.some((line) => line.startsWith("not connected")));
    for (const go of gates.splice(0)) go();
    expect(await ended(site.fixture, run)).toBe(5);
    expect(begun).toBe(1);
  });

  test("gives the task to another worker when the time to come back is over", async () => {
    const site = await desk(50);
    const { cut } = connect(site, "w1", { retryMs: 60_000 });
    const run = await start(site.fixture, "holds", 6);
    await until(() => begun === 1);
    connect(site, "w2");
    cut();
    await until(() => begun === 2);
    for (const go of gates.splice(0)) go();
    expect(await ended(site.fixture, run)).toBe(6);
  });

  test("blames no run for a worker that was told to stop, though one came to it when it had said what it has", async () => {
    const site = await desk(20, 1);
    const unaware = (message: WorkerToEngine): WorkerToEngine =>
      message.type === "handback" ? { ...message, runs: [] } : message;
    const first = connect(site, "w1", { workflows: stayers, said: unaware });
    await until(() => site.fixture.engine.deployments.workflow("stays") !== undefined);
    const run = await start(site.fixture, "stays", 0);
    await until(() => begun === 1);
    connect(site, "w2", { workflows: stayers });
    await until(() => site.fleet.workers.length === 2);
    first.remote.leave(0);
    await first.remote.ended;
    await until(() => begun === 2);
    for (const go of gates.splice(0)) go();
    expect(await ended(site.fixture, run)).toBe(0);
  });

  test("never lets code of a worker take the place of the server's own", async () => {
    const site = await desk();
    connect(site, "w1");
    await until(() => site.fleet.workers.length === 1);
    await until(() => site.fixture.engine.deployments.get("w1") !== undefined);
    expect(site.fixture.engine.deployments.version).toBe("v1");
    const { status } = await site.fixture.post("/api/v1/workflows/both/runs", { input: 1 });
    expect(status).toBe(404);
  });

  test("sends away what makes no sense", async () => {
    const site = await desk();
    const socket = await Bun.connect({
      hostname: "127.0.0.1",
      port: site.port,
      socket: { data: () => undefined },
    });
    stops.push(() => void socket.end());
    const { encodeFrame } = await import("@sluice/protocol");
    const say = (type: number, payload: Record<string, unknown>): number =>
      socket.write(
        encodeFrame({ version: 1, type, id: crypto.randomUUID(), timestamp: Date.now(), runtime: "bun", payload }),
      );
    say(0x01, { worker_id: "odd", capabilities: [], token, heartbeat_ms: 1_000 });
    await until(() => site.fleet.workers.length === 1);
    say(0x74, { items: [{ task: 7 }] });
    await until(() => site.fleet.workers.length === 0);
    expect(site.fixture.logs.some(({ message }) => message === "a worker's connection is over")).toBe(true);
  });
});
