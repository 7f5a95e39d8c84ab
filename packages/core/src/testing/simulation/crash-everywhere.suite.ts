// The systematic half of the simulation: fixed programs, and a crash before and after every single write of each.
import type { Profile } from "./profile.suite.ts";
import type { Node, Program } from "./program.suite.ts";
import { simulate } from "./simulation.suite.ts";
import type { SimulationReport } from "./simulation.suite.ts";
import type { EventLoop } from "./world.suite.ts";

const quick = { fails: 0, fatal: false, attempts: 1, retryMs: 0, slow: 0, caught: false, deaf: false } as const;

function step(path: string, more: Partial<Extract<Node, { type: "step" }>> = {}): Node {
  return { type: "step", path, ms: 0, ...quick, ...more };
}

function program(index: number, nodes: readonly Node[], more: Partial<Program> = {}): Program {
  return { index, name: `p${index}`, root: { type: "seq", path: "r", nodes }, rounds: 0, ...more };
}

const child = program(1, [
  step("0", { ms: 5 }),
  { type: "wait", path: "1", event: "paid", key: "k1", fallback: false },
]);

/** What is crashed at every write; the first program of each is started. */
export const crashedPrograms: Readonly<Record<string, readonly Program[]>> = {
  "steps, retries and a sleep": [
    program(0, [
      step("0"),
      step("1", { fails: 2, attempts: 3, retryMs: 50, ms: 10 }),
      { type: "sleep", path: "2", ms: 1_000, until: false },
      step("3", { ms: 5 }),
    ]),
  ],
  "branches, a race and events": [
    program(0, [
      {
        type: "all",
        path: "0",
        nodes: [
          step("0.0", { ms: 3 }),
          { type: "wait", path: "0.1", event: "paid", fallback: false },
          { type: "sleep", path: "0.2", ms: 100, until: false },
        ],
      },
      {
        type: "ctxRace",
        path: "1",
        nodes: [
          { type: "wait", path: "1.0", event: "shipped", fallback: false },
          { type: "sleep", path: "1.1", ms: 500, until: true },
        ],
      },
      { type: "map", path: "2", items: 3, concurrency: 2, body: step("2.0", { ms: 2 }) },
    ]),
  ],
  "a child, an approval and a token": [
    program(0, [
      { type: "call", path: "0", program: 1 },
      { type: "approve", path: "1", fallback: true, timeoutMs: 30_000 },
      { type: "token", path: "2" },
      { type: "start", path: "3", program: 1, key: "c0" },
    ]),
    child,
  ],
  "an approval of several people": [
    program(0, [
      { type: "approve", path: "0", fallback: false, several: true },
      { type: "approve", path: "1", fallback: true, several: true, timeoutMs: 30_000 },
    ]),
  ],
  "locks, state and events": [
    program(0, [
      {
        type: "lock",
        path: "0",
        name: "door",
        body: {
          type: "seq",
          path: "0.0",
          nodes: [step("0.0.0", { ms: 20 }), { type: "sleep", path: "0.0.1", ms: 50, until: false }],
        },
      },
      { type: "state", path: "1", scope: "global", verb: "incr", key: "sum0", amount: 2 },
      { type: "emit", path: "2", event: "paid", key: "k0", m: 1, once: true },
      { type: "state", path: "3", scope: "run", verb: "set", key: "v0", amount: 1 },
    ]),
  ],
  "a failure and its undos": [
    program(0, [
      step("0", { undo: { fails: 0, ms: 5 } }),
      {
        type: "all",
        path: "1",
        nodes: [step("1.0", { ms: 10, undo: { fails: 1, ms: 0 } }), step("1.1", { ms: 20, undo: { fails: 0, ms: 0 } })],
      },
      { type: "lock", path: "2", name: "door", body: step("2.0", { undo: { fails: 0, ms: 0 } }) },
      { type: "throw", path: "3" },
    ]),
  ],
  "a run that goes on as others while somebody waits for it": [
    program(0, [{ type: "call", path: "0", program: 1 }, step("1", { undo: { fails: 0, ms: 5 } })]),
    program(
      1,
      [step("0", { ms: 5 }), { type: "wait", path: "1", event: "paid", key: "k1", fallback: true, timeoutMs: 3_000 }],
      { rounds: 2 },
    ),
  ],
  tasks: [
    program(0, [
      step("0", { task: true, ms: 5 }),
      step("1", { task: true, fails: 1, attempts: 2, retryMs: 50 }),
      {
        type: "ctxRace",
        path: "2",
        nodes: [step("2.0", { task: true, ms: 5_000 }), { type: "sleep", path: "2.1", ms: 100, until: false }],
      },
      {
        type: "all",
        path: "3",
        nodes: [step("3.0", { task: true, ms: 20 }), step("3.1", { task: true, fatal: true, caught: true })],
      },
    ]),
  ],
  "tasks and their undos": [
    program(0, [
      step("0", { undo: { fails: 0, ms: 5 } }),
      step("1", { task: true, ms: 5, undo: { fails: 1, ms: 5, task: true } }),
      {
        type: "ctxRace",
        path: "2",
        nodes: [
          step("2.0", { task: true, ms: 5_000, undo: { fails: 0, ms: 5, task: true } }),
          { type: "sleep", path: "2.1", ms: 100, until: false },
        ],
      },
      step("3", { task: true, ms: 5, undo: { fails: 0, ms: 0 } }),
      { type: "throw", path: "4" },
    ]),
  ],
  "results that are shared": [
    program(0, [
      {
        type: "all",
        path: "0",
        nodes: [
          step("0.0", { ms: 20, cache: { key: "k0", ttlMs: 60_000, flightMs: 5_000 } }),
          step("0.1", { ms: 20, cache: { key: "k0", ttlMs: 60_000, flightMs: 5_000 } }),
        ],
      },
      step("1", { cache: { key: "k0", ttlMs: 1, flightMs: 5_000 } }),
      step("2", { ms: 5, fails: 1, attempts: 2, cache: { key: "k1", ttlMs: 60_000 } }),
    ]),
  ],
  "a time limit that strikes while a step runs": [
    program(
      0,
      [
        step("0", { undo: { fails: 0, ms: 5 } }),
        { type: "call", path: "1", program: 1 },
        step("2", { ms: 60_000, undo: { fails: 0, ms: 0 } }),
      ],
      { timeoutMs: 20_000 },
    ),
    child,
  ],
};

const profile: Partial<Profile> = {
  faults: {
    crashPerWrite: 0,
    failPerWrite: 0,
    outageMs: 0,
    workerCrashMs: 0,
    workerHangMs: 0,
    restartMs: 0,
    deployMs: 0,
    jumpMs: 0,
    late: 0,
    again: 0,
  },
  clients: 1,
  startsEach: 2,
  chaosMs: 5_000,
  workers: 1,
  link: "socket",
  linkDelayMsMax: 1,
  storeDelayMsMax: 1,
  slowReads: false,
  parkAfterMs: 50,
  onDeploy: "move",
  limits: { sweepIntervalMs: 1e9 },
  blobs: false,
  operatorMs: 0,
  outsideMs: 500,
  schedules: false,
};

export interface CrashedReport {
  readonly writes: number;
  readonly failures: readonly string[];
}

/** Counts the writes of a program, then plays it once for each crash before and after each of them. */
export async function crashEverywhere(
  programs: readonly Program[],
  seed: number,
  loop: EventLoop,
): Promise<CrashedReport> {
  const play = (at: number, when: "crash_before" | "crash_after"): Promise<SimulationReport> => {
    let count = 0;
    return simulate({ seed, loop, programs, profile, planned: () => (++count === at ? when : undefined) });
  };
  const failures: string[] = [];
  const calm = await play(0, "crash_before");
  if (calm.failure !== undefined) failures.push(`without a crash: ${calm.failure}`);
  for (let at = 1; at <= calm.writes; at++) {
    for (const when of ["crash_before", "crash_after"] as const) {
      const { failure } = await play(at, when);
      if (failure !== undefined) failures.push(`${when} write ${at} of ${calm.writes}: ${failure}`);
    }
  }
  return { writes: calm.writes, failures };
}
