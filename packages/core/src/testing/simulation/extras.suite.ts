// What some seeds have besides their programs: circuit breakers, queues, starts that become one, triggers. Drawn apart, so that the
// programs of all seeds stay as they were.
import type { CircuitBreaker, FlowOptions } from "@sluice/sdk";
import { SimulatedRandom } from "../simulated-random.ts";
import type { Feature } from "./features.suite.ts";
import { mapSteps } from "./program-shape.suite.ts";
import type { Node, Program, StepNode } from "./program.suite.ts";

/** Name of the events that triggers listen to; programs send none, or runs would start each other for ever. */
export const ringing = "rang";

/** What starts runs of a program by itself. */
export interface ProgramTriggers {
  /** Each event of `ringing`; with a time those that follow each other within it start one run. */
  readonly event?: { readonly debounceMs?: number | undefined } | undefined;
  /** What is found outside. */
  readonly poll?: { readonly everyMs: number; readonly failing: number } | undefined;
}

/** What decides which extras a seed may have. */
interface Ground {
  readonly seed: number;
  readonly features: ReadonlySet<Feature>;
  readonly schedules: boolean;
  /** Inputs are kept by themselves, and cannot be gathered. */
  readonly blobs: boolean;
}

export function withExtras(programs: readonly Program[], ground: Ground): readonly Program[] {
  const random = new SimulatedRandom(ground.seed ^ 0x2f6b41);
  const behind = random.chance(0.25) ? withBreakers(programs, random) : programs;
  const queued = random.chance(0.25) ? behind.map((program) => withQueue(program, random)) : behind;
  const triggered = random.chance(0.2) ? withTriggers(queued, random, ground) : queued;
  return random.chance(0.2) ? withJoins(triggered, random, ground) : triggered;
}

/** True when a program has anything of it. */
export function hasExtras({ root, flow, watches }: Program): boolean {
  const { queue, debounce, batch } = flow ?? {};
  return [queue, debounce, batch, watches].some((each) => each !== undefined) || hasBreaker(root);
}

function withBreakers(programs: readonly Program[], random: SimulatedRandom): readonly Program[] {
  const breakers: CircuitBreaker[] = ["b0", "b1"].map((name) => ({
    name,
    failureThreshold: random.int(1, 3),
    recoveryTimeout: random.pick([0, 10, 1_000, 20_000]),
    halfOpenMax: random.int(1, 2),
    // Which failures count is the program's to say.
    ...(random.chance(0.3) ? { expectedErrors: ["failed"] } : {}),
  }));
  const guard = (step: StepNode): StepNode =>
    step.cache === undefined && step.task !== true && random.chance(0.6)
      ? { ...step, breaker: random.pick(breakers) }
      : step;
  return programs.map((program) => ({ ...program, root: mapSteps(program.root, guard) }));
}

function hasBreaker(root: Node): boolean {
  let found = false;
  mapSteps(root, (step) => {
    found ||= step.breaker !== undefined;
    return step;
  });
  return found;
}

function withQueue(program: Program, random: SimulatedRandom): Program {
  return random.chance(0.7) ? withFlow(program, { queue: random.pick(["q0", "q1"]) }) : program;
}

function withFlow(program: Program, more: FlowOptions): Program {
  return { ...program, flow: { ...program.flow, ...more } };
}

/** The last program calls no other. */
function withTriggers(programs: readonly Program[], random: SimulatedRandom, ground: Ground): readonly Program[] {
  const called = programs.length > 1 && ground.features.has("children");
  const watches: ProgramTriggers = {
    event: { debounceMs: random.chance(0.3) ? random.pick([10, 2_000]) : undefined },
    poll: random.chance(0.6) ? { everyMs: random.pick([1_000, 5_000]), failing: random.pick([0, 0.3]) } : undefined,
  };
  // A call past a rate limit fails; what a trigger has seen waits, and so does a time of a schedule.
  const limited = random.chance(0.5) && !called ? { rateLimit: { count: random.int(1, 2), per: 3_000 } } : {};
  return programs.map((program, index) =>
    index === programs.length - 1 ? { ...withFlow(program, limited), watches } : program,
  );
}

/** Nobody but clients starts the first program, unless it is the last. */
function withJoins(programs: readonly Program[], random: SimulatedRandom, ground: Ground): readonly Program[] {
  const [first] = programs;
  if (first === undefined || first.watches !== undefined || (programs.length === 1 && ground.schedules))
    return programs;
  const wait = random.pick([10, 1_000, 20_000]);
  const batch = { size: random.int(1, 4), wait };
  const leading = random.chance(0.3);
  const debounce = {
    wait,
    leading,
    trailing: !leading || random.chance(0.6),
    ...(random.chance(0.3) ? { maxWait: wait * 2 } : {}),
  };
  const more: FlowOptions = random.chance(0.5) && !ground.blobs ? { batch } : { debounce };
  return [withFlow(first, more), ...programs.slice(1)];
}
