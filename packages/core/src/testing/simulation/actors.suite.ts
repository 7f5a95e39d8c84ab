// Everybody outside: clients that start runs and wait, people who answer, operators who interfere, and what goes wrong.
import { encodeValue } from "@sluice/protocol";
import type { Engine } from "../../engine/engine.ts";
import type { Result } from "../../kernel/result.ts";
import type { Actor } from "../../kernel/run-store.ts";
import type { EngineMachine } from "./engine-machine.suite.ts";
import { digest } from "./interpreter.suite.ts";
import type { Ledger } from "./ledger.suite.ts";
import type { Profile } from "./profile.suite.ts";
import { ringing } from "./extras.suite.ts";
import { eventKeys, eventNames } from "./program.suite.ts";
import type { Program } from "./program.suite.ts";
import { endOf } from "./recorder.suite.ts";
import type { Recorder } from "./recorder.suite.ts";
import type { World } from "./world.suite.ts";

export interface Stage {
  readonly world: World;
  readonly profile: Profile;
  readonly programs: readonly Program[];
  readonly ledger: Ledger;
  readonly recorder: Recorder;
  /** The engine that is up now, if any is. */
  engine(): EngineMachine | undefined;
  deploy(version: string): Promise<void>;
  outage(on: boolean): void;
}

const by: Actor = { kind: "user", id: "simulation" };
const retryMs = 500;

/** Asks the engine; undefined when it went away before it answered, or refused for its own trouble. */
export async function ask<T>(
  stage: Stage,
  call: (engine: Engine) => Promise<Result<T>>,
): Promise<Result<T> | undefined> {
  const machine = stage.engine();
  if (machine === undefined) return undefined;
  try {
    return await Promise.race([call(machine.engine), machine.gone]);
  } catch (error) {
    const code = (error as { code?: unknown }).code;
    if (code !== "store_failed") stage.world.fail(`the engine rejected with ${String(error)}`);
    return undefined;
  }
}

/** Everybody begins. */
export function raiseCurtain(stage: Stage): void {
  const { profile, world } = stage;
  const { faults } = profile;
  for (let i = 0; i < profile.clients; i++) void client(stage, i);
  void every(stage, profile.outsideMs, () => outsider(stage));
  void every(stage, profile.operatorMs, () => operator(stage));
  if (stage.recorder.watches !== undefined) void every(stage, profile.outsideMs, () => extra(stage));
  void every(stage, profile.retriesMs, () => again(stage));
  void every(stage, faults.workerCrashMs, () => withWorker(stage, (machine, worker) => machine.crashWorker(worker)));
  void every(stage, faults.workerHangMs, () =>
    withWorker(stage, (machine, worker) =>
      machine.hangWorker(worker, world.random.int(1, 20_000), world.random.chance(0.5)),
    ),
  );
  void every(stage, faults.restartMs, async () => {
    const machine = stage.engine();
    if (world.random.chance(0.5)) await machine?.stop(world.random.pick([0, 100, 5_000]));
    else machine?.crash();
  });
  void every(stage, faults.outageMs, async () => {
    stage.outage(true);
    await world.sleep(world.random.int(1, 3_000));
    stage.outage(false);
  });
  void every(stage, profile.restsMs, async () =>
    stage.engine()?.rest(world.random.pick([0, 100, 5_000]), world.random.int(1, 5_000)),
  );
  let version = 1;
  void every(stage, faults.deployMs, () => stage.deploy(`v${++version}`));
  void every(stage, faults.jumpMs, async () =>
    world.jump(world.random.pick([-3_600_000, -1_000, 1_000, 60_000, 3_600_000])),
  );
}

/** Does something again and again, with random pauses, as long as things may go wrong. */
async function every(stage: Stage, meanMs: number, act: () => Promise<void>): Promise<void> {
  const { world } = stage;
  if (meanMs === 0) return;
  for (;;) {
    await world.sleep(world.between(meanMs));
    if (world.calm) return;
    await act();
  }
}

async function withWorker(
  stage: Stage,
  act: (machine: EngineMachine, worker: Parameters<EngineMachine["retire"]>[0]) => Promise<void>,
): Promise<void> {
  const machine = stage.engine();
  const workers = [...(machine?.workers ?? [])].filter((worker) => !worker.dead && !worker.hung);
  if (machine === undefined || workers.length === 0) return;
  await act(machine, stage.world.random.pick(workers));
}

async function client(stage: Stage, index: number): Promise<void> {
  const { world, profile } = stage;
  for (let i = 0; i < profile.startsEach; i++) {
    await world.sleep(world.random.int(0, Math.max(1, Math.floor(profile.chaosMs / 2))));
    void startOne(stage, `${index}.${i}`);
  }
}

/** Starts a run, and again with the same key as long as there is no answer. */
async function startOne(stage: Stage, name: string): Promise<void> {
  const { world, programs, ledger, recorder } = stage;
  const { random } = world;
  const program = random.chance(0.6) ? (programs[0] as Program) : random.pick(programs);
  const shared = random.chance(0.2);
  const key = shared ? `shared${random.int(0, 1)}` : random.chance(0.5) ? `key ${name}` : undefined;
  const input = { by: shared ? "anyone" : name };
  const request = {
    by,
    workflow: program.name,
    input: encodeValue(input),
    priority: random.int(0, 3),
    ...(key === undefined ? {} : { key }),
    ...(random.chance(0.2) ? { delayMs: random.pick([1, 1_000, 20_000]) } : {}),
  };
  for (;;) {
    const started = await ask(stage, (engine) => engine.startRun(request));
    if (started?.ok === true) {
      const { run } = started.value;
      world.trace?.(() => `started ${run.id} ${program.name} key ${key}`);
      ledger.promise(run.id, { workflow: program.name, key, input: digest(input), shared: isJoined(program) });
      await waitFor(stage, run.id);
      return;
    }
    if (
      started !== undefined &&
      !["draining", "store_failed", "rate_limited"].includes(started.error.code) &&
      !world.calm &&
      recorder.commits >= 0
    )
      world.fail(`a start was refused: ${started.error.code} ${started.error.message}`);
    if (key === undefined) return;
    await world.sleep(retryMs);
  }
}

/** Starts of such a program become part of a run that others have started. */
function isJoined({ flow }: Program): boolean {
  return flow?.batch !== undefined || flow?.debounce !== undefined;
}

/** Waits for the end of a run, whoever answers. */
async function waitFor(stage: Stage, run: string): Promise<void> {
  const { world, recorder, ledger } = stage;
  for (;;) {
    const ended = await ask(stage, (engine) => engine.ended(run));
    const model = recorder.runs.get(run);
    if (model?.deleted === true) return;
    if (ended?.ok === true) {
      ledger.told(run, endOf(ended.value));
      return;
    }
    await world.sleep(retryMs);
  }
}

/** Somebody outside sends an event, or answers a question, or asks one too late or twice. */
async function outsider(stage: Stage): Promise<void> {
  const { world, ledger } = stage;
  const { random } = world;
  if (random.chance(0.6)) {
    const key = random.pick(eventKeys);
    const payload = encodeValue({ m: random.int(0, 1), number: ledger.nextEvent() });
    const once = random.chance(0.3) ? { id: `outside ${random.int(0, 3)}` } : {};
    await ask(stage, (engine) =>
      engine.emit({ by, name: random.pick(eventNames), payload, ...(key === undefined ? {} : { key }), ...once }),
    );
    return;
  }
  await answerTokens(stage, random.chance(0.3) ? undefined : "open", 2);
}

/** Answers questions that are open; with `undefined` also those that are not. */
export async function answerTokens(stage: Stage, status: "open" | undefined, limit: number): Promise<number> {
  const { world } = stage;
  const { random } = world;
  const machine = stage.engine();
  if (machine === undefined) return 0;
  const lists = await Promise.all(
    (["approval", "callback"] as const).map((kind) =>
      machine.engine.store.listTokens({
        kind,
        limit: Math.max(limit, 100),
        ...(status === undefined ? {} : { status }),
      }),
    ),
  );
  const tokens = random.shuffle(lists.flat()).slice(0, limit);
  for (const { kind, token, terms } of tokens) {
    const approved = random.chance(0.7);
    const handedOn = terms !== undefined && random.chance(0.15);
    const value = encodeValue(
      kind === "approval"
        ? {
            approved: approved && !handedOn,
            by: "somebody",
            at: world.clock.now(),
            ...(approved ? {} : { reason: "no" }),
            ...(handedOn ? { delegatedTo: "user:e" } : {}),
          }
        : { came: token.length },
    );
    const answered = await ask(stage, (engine) => engine.completeToken({ by, token, kind, value }));
    if (
      answered?.ok === false &&
      !["token_used", "token_expired", "token_unknown", "store_failed"].includes(answered.error.code)
    )
      world.fail(`a token was refused: ${answered.error.code}`);
  }
  return tokens.length;
}

/** Does something to a run. */
async function operator(stage: Stage): Promise<void> {
  const { world, recorder } = stage;
  const { random } = world;
  if (stage.profile.schedules && random.chance(0.2)) {
    await changeSchedule(stage);
    return;
  }
  const runs = [...recorder.runs.values()].filter((run) => !run.deleted);
  if (runs.length === 0) return;
  const { id: run } = random.pick(runs);
  const what = random.pick(["cancel", "pause", "pause", "resume", "resume", "retry", "fork", "delete"] as const);
  world.trace?.(() => `operator ${what} ${run}`);
  await operate(stage, what, run);
}

/** How often a run is run again at most. */
const attemptsMax = 4;

/** Runs something again that did not complete. */
async function again(stage: Stage): Promise<void> {
  const ended = [...stage.recorder.runs.values()].filter(
    (run) => !run.deleted && run.final !== undefined && run.final !== "completed" && run.attempt < attemptsMax,
  );
  if (ended.length > 0) await operate(stage, "retry", stage.world.random.pick(ended).id);
}

export async function operate(
  stage: Stage,
  what: "cancel" | "pause" | "resume" | "retry" | "fork" | "delete",
  run: string,
): Promise<void> {
  await ask<unknown>(stage, async ({ operations }) => {
    switch (what) {
      case "cancel":
        return operations.cancel({ by, run });
      case "pause":
        return operations.pause(by, run);
      case "resume":
        return operations.resume(by, run);
      case "retry":
        return operations.retry(by, run);
      case "fork":
        return operations.fork({ by, run });
      default:
        return operations.delete(by, run);
    }
  });
}

/** Sends every event that anybody could wait for. */
export async function emitAll(stage: Stage): Promise<void> {
  for (const name of eventNames) {
    for (const key of eventKeys) {
      for (const m of [0, 1]) {
        const payload = encodeValue({ m, number: stage.ledger.nextEvent() });
        await ask(stage, (engine) => engine.emit({ by, name, payload, ...(key === undefined ? {} : { key }) }));
      }
    }
  }
}

/** What seeds with triggers, queues or breakers see besides. */
async function extra(stage: Stage): Promise<void> {
  const { world, ledger, programs } = stage;
  const { random } = world;
  const watched = programs.some(({ watches }) => watches !== undefined);
  if (watched && random.chance(0.6)) {
    if (random.chance(0.5)) ledger.outside.push(ledger.outside.length + 1);
    const number = ledger.nextEvent();
    const sent = await ask(stage, (engine) => engine.emit({ by, name: ringing, payload: encodeValue({ number }) }));
    if (sent?.ok === true) ledger.rang.push(number);
    return;
  }
  if (random.chance(0.2)) {
    await ask(stage, ({ facilities }) => facilities.resetBreaker({ by, name: random.pick(["b0", "b1"]) }));
    return;
  }
  const queue = random.pick(["q0", "q1"]);
  await ask(stage, ({ queues }) => queues.setPaused(by, queue, random.chance(0.5)));
}

/** Queues that somebody has paused go on. */
export async function resumeQueues(stage: Stage): Promise<void> {
  if (stage.recorder.watches === undefined) return;
  for (const queue of ["q0", "q1"]) await ask(stage, ({ queues }) => queues.setPaused(by, queue, false));
}

/** Nothing is to begin by itself any more. */
export async function pauseSchedules(stage: Stage): Promise<void> {
  const running =
    stage
      .engine()
      ?.engine.schedules.list()
      .filter((schedule) => !schedule.paused) ?? [];
  for (const { id } of running) await ask(stage, ({ schedules }) => schedules.setPaused(by, id, true));
}

/** An operator pauses a schedule or lets it go on, or starts its run now. */
async function changeSchedule(stage: Stage): Promise<void> {
  const { random } = stage.world;
  const known = stage.engine()?.engine.schedules.list() ?? [];
  if (known.length === 0) return;
  const { id, paused } = random.pick(known);
  if (random.chance(0.5)) await ask(stage, ({ schedules }) => schedules.runNow(by, id));
  else {
    if (!paused) stage.ledger.pausedSchedules.add(id);
    await ask(stage, ({ schedules }) => schedules.setPaused(by, id, !paused));
  }
}
