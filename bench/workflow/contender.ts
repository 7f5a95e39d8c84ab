// What a contender must be able to do to be measured, and who they are. Each lives in a file of its own, loaded in the
// process that drives it and nowhere else.

import type { Processes } from "../processes.ts";

/** The workflows that every contender has, with the same work in each. */
export type WorkName =
  /** Returns at once. */
  | "noop"
  /** Three steps that each return a number. */
  | "steps3"
  /** `count` steps; returns the milliseconds that each took, from call to result. */
  | "steps"
  /** Sleeps `ms`; returns by how much it woke too late, as `Woken`. */
  | "nap"
  /** Waits for its event; returns the time from the sending of the event to the code after the wait, as `Woken`. */
  | "listen"
  /** Returns the milliseconds from `sentAt` to its first line. */
  | "stamp"
  /** Three steps, of which the second does not end while the gate is closed. */
  | "gated";

/** Workflows that only ours has. */
export type OwnWorkName =
  /** `steps3` with a limit of runs at once that is not reached. */
  | "limited3"
  /** Twelve steps of the builder. */
  | "builder12"
  /** Calls `count` children that return at once; returns how many did. */
  | "fanOut"
  /** `count` items, a step each, a hundred at work at a time; returns how many there were. */
  | "mapItems"
  /** Fair between tenants: a step of `ms`; returns the milliseconds from `sentAt` to its first line. */
  | "tenants"
  /** The same, fifty at once over all tenants. */
  | "taking"
  /** Debounced for each tenant. */
  | "calm"
  /** Tenants of the runs of these that have begun, in that order, and forgets them. */
  | "turns";

export interface WorkInput {
  /** Unique for ever: names the run's event and its marks. */
  readonly key: string;
  readonly count?: number;
  readonly ms?: number;
  readonly sentAt?: number;
  readonly tenant?: string;
}

export type CaseName =
  | "starts"
  | "steps3"
  | "wake"
  | "steps1000"
  | "builder"
  | "limited"
  | "fanout"
  | "map"
  | "throughput"
  | "enqueue"
  | "fairness"
  | "storm"
  | "tenant"
  | "parked"
  | "memory"
  | "disk"
  | "recovery"
  | "harness";

/** What a contender may lack; the reason is shown in the place of the figure. */
type Feature = "hot" | "event" | "delay";

export interface Setup {
  /** Its own data folder; empty except after a crash. */
  readonly folder: string;
  /** A run that only waits leaves memory after this long, where that can be set. */
  readonly parkAfterMs?: number;
  /** False: `gated` runs stay in their second step. */
  readonly gateOpen: boolean;
  /** Runs in execution at once, where that can be set. */
  readonly runsInFlightMax?: number;
}

/** A contender that is running. */
export interface Contender {
  /** Says how many callers come at once from now on, to a contender that must be set up for it. */
  expect?(callers: number): Promise<void>;
  /** Starts a run; resolves with its id when the start is durable. */
  start(work: WorkName | OwnWorkName, input: WorkInput, options?: { readonly delayMs?: number }): Promise<string>;
  /** Starts a run and resolves with its result, in the cheapest way the contender has. */
  run(work: WorkName | OwnWorkName, input: WorkInput): Promise<unknown>;
  /** The status of a run, read from the store. */
  status(id: string): Promise<string>;
  /** Sends the event that the `listen` run with this key waits for; resolves when it is stored. */
  emit(key: string, sentAt: number): Promise<void>;
  /** Whether any run has not ended yet. */
  unfinished(): Promise<boolean>;
  processes(): Processes;
  /** What the contender itself says of how it syncs; throws when that is less than a sync per commit. */
  durability(): Promise<string>;
  close(): Promise<void>;
}

export interface ContenderSpec {
  readonly name: string;
  readonly title: string;
  /** Somebody else's: installed by the benchmark. */
  readonly peer: boolean;
  readonly cases: readonly CaseName[];
  readonly lacks: Readonly<Partial<Record<Feature, string>>>;
  /** Why it takes no part in a case, where the case is worth a word. */
  readonly notes: Readonly<Partial<Record<CaseName, string>>>;
  open(setup: Setup): Promise<Contender>;
}

const FIRST: readonly CaseName[] = ["starts", "steps3", "wake", "steps1000", "throughput", "enqueue"];
const EVERY: readonly CaseName[] = [...FIRST, "parked", "memory", "disk", "recovery"];
/** Cases for what others do not have. */
const OWN: readonly CaseName[] = ["builder", "limited", "fanout", "map", "fairness", "storm", "tenant"];
const NEVER_PARKS = "runs stay in memory while they wait";

export const contenders: readonly ContenderSpec[] = [
  {
    name: "sluice-embedded",
    title: "Sluice embedded",
    peer: false,
    cases: [...EVERY, ...OWN, "harness"],
    lacks: {},
    notes: {},
    open: async (setup) => (await import("./contenders/sluice-embedded.ts")).openSluiceEmbedded(setup),
  },
  {
    name: "sluice-http",
    title: "Sluice over HTTP",
    peer: false,
    cases: [...EVERY, ...OWN],
    lacks: {},
    notes: {},
    open: async (setup) => (await import("./contenders/sluice-http.ts")).openSluiceHttp(setup),
  },
  {
    name: "restate",
    title: "Restate",
    peer: true,
    cases: EVERY,
    lacks: {},
    notes: {},
    open: async (setup) => (await import("./contenders/restate.ts")).openRestate(setup),
  },
  {
    name: "openworkflow-tick",
    title: "OpenWorkflow, ticked by hand",
    peer: true,
    cases: EVERY,
    lacks: { hot: "a run that waits always leaves memory" },
    notes: {},
    open: async (setup) => (await import("./contenders/openworkflow.ts")).openOpenWorkflow(setup, "tick"),
  },
  {
    name: "openworkflow-polled",
    title: "OpenWorkflow, its own polls",
    peer: true,
    cases: ["steps3", "throughput"],
    lacks: {},
    notes: {},
    open: async (setup) => (await import("./contenders/openworkflow.ts")).openOpenWorkflow(setup, "polled"),
  },
  {
    name: "dbos-direct",
    title: "DBOS, direct",
    peer: true,
    cases: EVERY.filter((name) => name !== "parked"),
    lacks: { delay: "only queued starts can be delayed" },
    notes: { parked: NEVER_PARKS },
    open: async (setup) => (await import("./contenders/dbos.ts")).openDbos(setup, "direct"),
  },
  {
    name: "dbos-queued",
    title: "DBOS, queued",
    peer: true,
    cases: ["steps3", "throughput", "enqueue"],
    lacks: {},
    notes: {},
    open: async (setup) => (await import("./contenders/dbos.ts")).openDbos(setup, "queued"),
  },
  {
    name: "graphile-worker",
    title: "graphile-worker",
    peer: true,
    cases: ["starts", "steps3", "wake", "throughput", "enqueue", "memory", "disk"],
    lacks: { event: "has no events" },
    notes: {
      steps1000: "has no steps",
      parked: "has no waits inside a job",
      recovery: "a job whose worker was killed stays locked for 4 h",
    },
    open: async (setup) => (await import("./contenders/graphile-worker.ts")).openGraphileWorker(setup),
  },
];

/** Contenders by name; `dbos` means every contender whose name begins with `dbos-`. */
export function selectContenders(names: readonly string[]): readonly ContenderSpec[] {
  for (const name of names) {
    if (!contenders.some((each) => matches(each, name))) {
      throw new Error(`There is no contender ${name}; known are ${contenders.map((each) => each.name).join(", ")}`);
    }
  }
  return contenders.filter((each) => names.length === 0 || names.some((name) => matches(each, name)));
}

function matches(spec: ContenderSpec, name: string): boolean {
  return spec.name === name || spec.name.startsWith(`${name}-`);
}
