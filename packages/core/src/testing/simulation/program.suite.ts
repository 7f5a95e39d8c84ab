// What simulated workflows do: a random tree of durable calls, drawn once from the seed and then fixed, so that every
// incarnation of a run executes the same code.
import type { CircuitBreaker, FlowOptions } from "@sluice/sdk";
import { SimulatedRandom } from "../simulated-random.ts";
import type { ProgramTriggers } from "./extras.suite.ts";
import type { Feature } from "./features.suite.ts";

interface At {
  /** Place in the tree; names the call. */
  readonly path: string;
}

export interface StepNode extends At {
  readonly type: "step";
  /** Virtual time an attempt takes; 0: it returns at once, synchronously. */
  readonly ms: number;
  /** Attempts that fail before one succeeds. */
  readonly fails: number;
  /** Throws an error that is not retried. */
  readonly fatal: boolean;
  readonly attempts: number;
  readonly retryMs: number;
  readonly timeoutMs?: number | undefined;
  /** Attempts that take longer than the time limit. */
  readonly slow: number;
  /** `task`: what takes it back is a task as well. */
  readonly undo?: { readonly fails: number; readonly ms: number; readonly task?: boolean | undefined } | undefined;
  readonly caught: boolean;
  /** Goes on after its signal is aborted. */
  readonly deaf: boolean;
  /** Its result is shared with every step of this key, whatever run it is of. */
  readonly cache?: { readonly key: string; readonly ttlMs: number; readonly flightMs?: number | undefined } | undefined;
  /** What lets its attempts in. */
  readonly breaker?: CircuitBreaker | undefined;
  /** A worker does it as a task. */
  readonly task?: boolean | undefined;
}

/** What a step is called, and its result after: where it is shared, the same for all. */
export function nameOf(node: StepNode, path: string): string {
  return node.cache === undefined ? path : `cached ${node.cache.key}`;
}

export type Node =
  | StepNode
  | (At & { readonly type: "sleep"; readonly ms: number; readonly until: boolean })
  | (At & {
      readonly type: "wait";
      readonly event: string;
      readonly key?: string | undefined;
      readonly match?: { readonly m: number } | undefined;
      readonly timeoutMs?: number | undefined;
      readonly fallback: boolean;
    })
  | (At & {
      readonly type: "emit";
      readonly event: string;
      readonly key?: string | undefined;
      readonly m: number;
      readonly once: boolean;
    })
  | (At & {
      readonly type: "state";
      readonly scope: "run" | "workflow" | "global";
      readonly verb: "get" | "set" | "incr" | "delete";
      readonly key: string;
      readonly amount: number;
    })
  | (At & {
      readonly type: "lock";
      readonly name: string;
      readonly ttlMs?: number | undefined;
      readonly timeoutMs?: number | undefined;
      readonly body: Node;
    })
  | (At & { readonly type: "call" | "start"; readonly program: number; readonly key?: string | undefined })
  | (At & {
      readonly type: "approve";
      readonly timeoutMs?: number | undefined;
      readonly fallback: boolean;
      /** Three are asked, reminded, and two of them needed. */
      readonly several?: boolean | undefined;
    })
  | (At & { readonly type: "token"; readonly timeoutMs?: number | undefined; readonly waitMs?: number | undefined })
  | (At & { readonly type: "patched" | "values" | "log" })
  | (At & { readonly type: "seq" | "all" | "race" | "ctxRace"; readonly nodes: readonly Node[] })
  | (At & { readonly type: "map"; readonly items: number; readonly concurrency: number; readonly body: Node })
  | (At & { readonly type: "try"; readonly body: Node })
  | (At & {
      readonly type: "throw";
      /** Throws what cancels the run. */
      readonly cancels?: boolean | undefined;
    });

export interface Program {
  readonly index: number;
  /** Name of the workflow that executes it. */
  readonly name: string;
  readonly root: Node;
  /** Longest time a run may take. */
  readonly timeoutMs?: number | undefined;
  readonly schedule?: ProgramSchedule | undefined;
  readonly watches?: ProgramTriggers | undefined;
  /** Gates that its runs pass. */
  readonly flow?: FlowOptions | undefined;
  /** Times a run goes on as another before it returns. */
  readonly rounds: number;
}

export interface ProgramSchedule {
  readonly cron: string;
  /** What the expression means, in milliseconds since 1970: at every multiple of this. */
  readonly everyMs: number;
  readonly overlap: Overlap;
  readonly catchUp: CatchUp;
  readonly jitterMs: number;
}
type Overlap = "skip" | "queue" | "cancel" | "allow";
type CatchUp = "skip" | "one" | "all";

export const eventNames = ["paid", "shipped"] as const;
export const eventKeys = [undefined, "k0", "k1"] as const;
const lockNames = ["door", "till"] as const;
const depthMax = 3;
const nodesMax = 12;

/** A schedule that comes due several times in `chaosMs`. */
export function drawSchedule(random: SimulatedRandom, chaosMs: number): ProgramSchedule {
  const seconds = chaosMs < 10_000 ? 1 : chaosMs < 30_000 ? 5 : chaosMs < 100_000 ? 15 : 60;
  return {
    cron: seconds === 60 ? "* * * * *" : `*/${seconds} * * * * *`,
    everyMs: seconds * 1_000,
    overlap: random.pick(["skip", "queue", "cancel", "allow", "allow"]),
    catchUp: random.pick(["skip", "one", "all", "all"]),
    jitterMs: random.pick([0, 0, 500, 20_000]),
  };
}

/** Lets the runs of some seeds pass gates: narrow ones, so that they meet there. Drawn apart: programs stay as they were. */
export function withGates(programs: readonly Program[], seed: number): readonly Program[] {
  const random = new SimulatedRandom(seed ^ 0x51c7a3);
  if (!random.chance(0.35)) return programs;
  return programs.map((program) => {
    const flow: FlowOptions = {
      ...(random.chance(0.7) ? { concurrency: random.int(1, 3) } : {}),
      ...(random.chance(0.3) ? { throttle: { count: 1, per: random.pick([50, 1_000]), burst: random.int(1, 2) } } : {}),
      ...(random.chance(0.3) ? { fairness: { key: "input.by", limit: random.int(1, 2) } } : {}),
    };
    return { ...program, flow };
  });
}

/** Draws the programs of a seed; each may call those after it. */
export function drawPrograms(random: SimulatedRandom, enabled: ReadonlySet<Feature>, count: number): Program[] {
  return Array.from({ length: count }, (_, index) => new Draw(random, enabled, { index, count }).program());
}

class Draw {
  readonly #random: SimulatedRandom;
  readonly #enabled: ReadonlySet<Feature>;
  readonly #at: { readonly index: number; readonly count: number };
  #left: number;

  constructor(
    random: SimulatedRandom,
    enabled: ReadonlySet<Feature>,
    at: { readonly index: number; readonly count: number },
  ) {
    this.#random = random;
    this.#enabled = enabled;
    this.#at = at;
    this.#left = random.int(2, nodesMax);
  }

  program(): Program {
    const { index } = this.#at;
    const random = this.#random;
    const nodes: Node[] = [];
    while (this.#left > 0) nodes.push(this.#node(`${nodes.length}`, 0));
    const timeoutMs = this.#enabled.has("timeouts") && random.chance(0.15) ? random.int(1_000, 120_000) : undefined;
    const rounds = this.#enabled.has("continues") && random.chance(0.4) ? random.int(1, 2) : 0;
    return { index, name: `p${index}`, root: { type: "seq", path: "r", nodes }, timeoutMs, rounds };
  }

  #node(path: string, depth: number): Node {
    this.#left--;
    const kinds: (() => Node)[] = [() => this.#step(path)];
    const offer = (feature: Feature, make: () => Node, weight = 1): void => {
      if (this.#enabled.has(feature)) for (let i = 0; i < weight; i++) kinds.push(make);
    };
    offer("sleeps", () => this.#sleep(path));
    offer("waits", () => this.#wait(path), 2);
    offer("emits", () => this.#emit(path));
    offer("state", () => this.#state(path), 2);
    offer("approvals", () => this.#approve(path));
    offer("tokens", () => ({ type: "token", path, timeoutMs: this.#limit(), waitMs: this.#limit() }));
    offer("patches", () => ({ type: "patched", path }));
    offer("values", () => ({ type: this.#random.chance(0.7) ? "values" : "log", path }));
    offer("failures", () =>
      this.#random.chance(0.4) ? { type: "throw", path, cancels: this.#random.chance(0.3) } : this.#step(path),
    );
    if (this.#at.index + 1 < this.#at.count) offer("children", () => this.#child(path), 2);
    if (depth < depthMax && this.#left > 0) {
      offer("locks", () => this.#lock(path), 2);
      offer("parallel", () => this.#group("all", path, depth), 2);
      offer("races", () => this.#group(this.#random.chance(0.6) ? "ctxRace" : "race", path, depth), 2);
      offer("maps", () => this.#map(path, depth));
      offer("failures", () => ({ type: "try", path, body: this.#node(`${path}.0`, depth + 1) }));
    }
    return this.#random.pick(kinds)();
  }

  #approve(path: string): Node {
    const random = this.#random;
    const timeoutMs = this.#limit();
    return { type: "approve", path, fallback: random.chance(0.5), timeoutMs, several: random.chance(0.4) };
  }

  #step(path: string): StepNode {
    const random = this.#random;
    const has = (feature: Feature, probability: number): boolean =>
      this.#enabled.has(feature) && random.chance(probability);
    const ms = random.chance(0.4) ? 0 : random.chance(0.9) ? random.int(1, 200) : random.int(200, 5_000);
    const fails = has("retries", 0.4) ? random.int(1, 3) : 0;
    const limited = has("timeouts", 0.2);
    const slow = limited && random.chance(0.5) ? 1 : 0;
    const gone = has("failures", 0.25);
    const undo = has("undos", 0.5)
      ? { fails: has("retries", 0.2) ? random.int(1, 6) : 0, ms: random.pick([0, 0, 5, 100]) }
      : undefined;
    const attempts = gone ? random.int(1, fails + slow + 1) : fails + slow + 1;
    return {
      type: "step",
      path,
      ms,
      fails: gone ? Math.max(fails, attempts) : fails,
      fatal: has("failures", 0.1),
      attempts,
      retryMs: random.pick([0, 1, 50, 1_000, 20_000]),
      timeoutMs: limited ? ms * 4 + 20 : undefined,
      slow,
      undo,
      cache: undo === undefined && has("caches", 0.4) ? this.#cache() : undefined,
      caught: random.chance(0.4),
      deaf: random.chance(0.2),
    };
  }

  #cache(): StepNode["cache"] {
    const random = this.#random;
    return {
      key: `k${random.int(0, 1)}`,
      ttlMs: random.pick([1, 1_000, 60_000]),
      flightMs: random.chance(0.6) ? random.pick([1, 5_000, 60_000]) : undefined,
    };
  }

  #limit(): number | undefined {
    return this.#enabled.has("timeouts") && this.#random.chance(0.3)
      ? this.#random.pick([0, 1, 100, 3_000, 30_000])
      : undefined;
  }

  #sleep(path: string): Node {
    const random = this.#random;
    const ms = random.pick([0, 1, 10, 100, 1_000, 15_000, 120_000]);
    return { type: "sleep", path, ms, until: random.chance(0.2) };
  }

  #wait(path: string): Node {
    const random = this.#random;
    return {
      type: "wait",
      path,
      event: random.pick(eventNames),
      key: random.pick(eventKeys),
      match: random.chance(0.3) ? { m: random.int(0, 1) } : undefined,
      timeoutMs: this.#limit(),
      fallback: random.chance(0.5),
    };
  }

  #emit(path: string): Node {
    const random = this.#random;
    return {
      type: "emit",
      path,
      event: random.pick(eventNames),
      key: random.pick(eventKeys),
      m: random.int(0, 1),
      once: random.chance(0.3),
    };
  }

  #state(path: string): Node {
    const random = this.#random;
    const verb = random.pick(["get", "set", "incr", "incr", "incr", "delete"] as const);
    // Counters are only ever added to, so that their sum can be checked; other keys see every verb.
    const key = verb === "incr" && random.chance(0.7) ? `sum${random.int(0, 1)}` : `v${random.int(0, 1)}`;
    return {
      type: "state",
      path,
      scope: random.pick(["run", "workflow", "global"]),
      verb,
      key,
      amount: random.int(1, 5),
    };
  }

  #lock(path: string): Node {
    const random = this.#random;
    return {
      type: "lock",
      path,
      name: random.pick(lockNames),
      ttlMs: random.chance(0.25) ? random.pick([10, 1_000, 20_000]) : undefined,
      timeoutMs: this.#limit(),
      body: this.#lockBody(`${path}.0`),
    };
  }

  /** Never another lock: two runs could wait for each other for ever. Nor branches, which could outlive the lock. */
  #lockBody(path: string): Node {
    if (this.#random.chance(0.6)) return this.#step(path);
    const nodes: Node[] = [this.#step(`${path}.0`), this.#sleep(`${path}.1`), this.#step(`${path}.2`)];
    this.#left -= 2;
    return { type: "seq", path, nodes };
  }

  #child(path: string): Node {
    const random = this.#random;
    const program = random.int(this.#at.index + 1, this.#at.count - 1);
    return {
      type: random.chance(0.7) ? "call" : "start",
      path,
      program,
      key: random.chance(0.2) ? `c${random.int(0, 1)}` : undefined,
    };
  }

  #group(type: "all" | "race" | "ctxRace", path: string, depth: number): Node {
    return { type, path, nodes: this.#nodes(path, depth) };
  }

  #nodes(path: string, depth: number): Node[] {
    const count = this.#random.int(2, 3);
    return Array.from({ length: count }, (_, index) => {
      const at = `${path}.${index}`;
      if (this.#left <= 2 || depth + 1 >= depthMax || this.#random.chance(0.5)) return this.#node(at, depth + 1);
      return { type: "seq", path: at, nodes: [this.#node(`${at}.0`, depth + 1), this.#node(`${at}.1`, depth + 1)] };
    });
  }

  #map(path: string, depth: number): Node {
    const random = this.#random;
    return {
      type: "map",
      path,
      items: random.int(1, 4),
      concurrency: random.int(1, 3),
      body: this.#node(`${path}.0`, depth + 1),
    };
  }
}
