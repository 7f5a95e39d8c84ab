// Replays a recorded run against the code of today, without an engine: executes nothing, and says where the two differ.
import { SimulatedClock } from "@sluice/core/testing";
import { decodeErrorValue, decodeValue, encodeError, encodeValue } from "@sluice/protocol";
import type { JournalEntry, RunAssignment, RunStatus, WorkerToEngine } from "@sluice/protocol";
import { decodeError, NonDeterminismError } from "@sluice/sdk";
import type { Workflow } from "@sluice/sdk";
import { Worker, workerLimits } from "@sluice/worker";
import { AsyncStepScope } from "@sluice/worker/step-scope";

/** A run as it was recorded, with its values as they are stored. */
export interface RecordedRun {
  readonly id: string;
  readonly workflow: string;
  readonly version: string;
  readonly status: RunStatus;
  readonly input: Uint8Array;
  readonly output?: Uint8Array | undefined;
  readonly error?: Uint8Array | undefined;
  readonly createdAt: number;
  readonly startedAt?: number | undefined;
  readonly attempt: number;
  readonly generation: number;
  readonly tags: readonly string[];
  readonly key?: string | undefined;
  readonly parent?: string | undefined;
  readonly forkedFrom?: string | undefined;
  readonly journal: readonly JournalEntry[];
}

/** What the workflow function came to, as far as the journal goes. */
type Outcome = { readonly output: Uint8Array } | { readonly error: Uint8Array };

/** Real time that a workflow function gets for what it awaits besides `ctx`, before a call counts as missing. */
const patienceMs = 50;
/** Turns of the event loop without anything happening, after which a replay has come as far as it goes. */
const quietTurns = 8;

const nextTurn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

/**
 * Replays the journal up to a settlement (all of it without one) and resolves with the error that names the first difference,
 * or undefined. Of a run that has ended, the result is compared, too.
 */
export async function replayRecorded(
  workflows: readonly Workflow[],
  recorded: RecordedRun,
  ord = Number.MAX_SAFE_INTEGER,
): Promise<Error | undefined> {
  const whole = recorded.journal.every((entry) => entry.ord <= ord);
  const replay = new OneReplay(workflows, recorded.workflow);
  const journal = prefixOf(recorded, ord, whole);
  const error = await replay.check(assignmentOf(recorded, journal), whole && comesToAnEnd(recorded.status));
  if (error !== undefined || !whole) return error;
  return difference(recorded, replay.outcome);
}

/** The journal as it stood when a settlement had been written; what came later is open. */
function prefixOf(recorded: RecordedRun, ord: number, whole: boolean): readonly JournalEntry[] {
  const entries = recorded.journal
    .filter((entry) => entry.seq >= 0)
    .map((entry): JournalEntry => {
      if (entry.ord <= ord && entry.status !== "aborted") return entry;
      const { value: _value, error: _error, ...rest } = entry;
      return { ...rest, status: entry.status === "aborted" ? "aborted" : "running", ord: 0, end: 0 };
    });
  const settled = entries.filter((entry) => entry.ord > 0).toSorted((a, b) => a.ord - b.ord);
  const open = entries.filter((entry) => entry.ord === 0);
  return [...settled, ...open, ...(whole && comesToAnEnd(recorded.status) ? [endOf(entries)] : [])];
}

/** A run that came to its own end asks for nothing more: whatever stands in the next place is a difference. */
function endOf(entries: readonly JournalEntry[]): JournalEntry {
  const seq = entries.reduce((last, entry) => Math.max(last, entry.seq), -1) + 1;
  const place = { seq, kind: "step", name: "the end of the run", n: 0 } as const;
  return { ...place, status: "aborted", ord: 0, attempt: 0, at: 0, end: 0 };
}

function comesToAnEnd(status: RunStatus): boolean {
  return status === "completed" || status === "failed";
}

function assignmentOf(recorded: RecordedRun, journal: readonly JournalEntry[]): RunAssignment {
  const { id, workflow, version, input, createdAt, startedAt, attempt, generation, tags, key, parent } = recorded;
  return {
    run: id,
    epoch: 1,
    workflow,
    version,
    input,
    created: createdAt,
    started: startedAt ?? createdAt,
    attempt,
    generation,
    tags,
    ...(key === undefined ? {} : { key }),
    ...(parent === undefined ? {} : { parent }),
    ...(attempt > 1 || recorded.forkedFrom !== undefined ? { gaps: true } : {}),
    ord: journal.reduce((last, entry) => Math.max(last, entry.ord), 0),
    journal,
    check: true,
    url: "http://127.0.0.1:7890",
  };
}

/** One replay: a worker of its own, on a clock that only moves when nothing happens any more. */
class OneReplay {
  readonly #clock = new SimulatedClock();
  readonly #worker: Worker;
  #turns = 0;
  #verdict: { readonly error: Error | undefined } | undefined;
  outcome: Outcome | undefined;

  constructor(workflows: readonly Workflow[], observed: string) {
    this.#worker = new Worker({
      id: "replay",
      version: "replay",
      workflows: workflows.map((each) => (each.name === observed ? this.#observed(each) : each)),
      clock: {
        now: () => this.#clock.now(),
        after: (ms, done) => this.#clock.after(ms, done),
        turn: (done) => {
          this.#turns++;
          setImmediate(done);
        },
      },
      limits: workerLimits,
      stepScope: new AsyncStepScope(),
      send: (message) => this.#hear(message),
    });
  }

  #observed(own: Workflow): Workflow {
    return {
      ...own,
      handler: async (ctx, input) => {
        try {
          const output = await own.handler(ctx, input);
          this.outcome ??= { output: encodeValue(output) };
          return output;
        } catch (error) {
          this.outcome ??= { error: encodeError(error) };
          throw error;
        }
      },
    };
  }

  #hear(message: WorkerToEngine): void {
    if (message.type === "checked") {
      this.#verdict = { error: message.error === undefined ? undefined : differenceIn(message.error) };
    } else if (message.type === "ops") {
      const blocked = message.ops.find((op) => op.op === "blocked");
      if (blocked !== undefined) this.#verdict = { error: differenceIn(blocked.error) };
    }
  }

  /** `ends`: the function is expected to settle. */
  async check(assignment: RunAssignment, ends: boolean): Promise<Error | undefined> {
    this.#worker.receive([{ type: "assign", assignment }]);
    await this.#quiet();
    // Something besides ctx is awaited, or a recorded call is not made: time tells.
    if (this.#verdict === undefined) {
      await new Promise<void>((resolve) => void setTimeout(resolve, patienceMs));
      await this.#quiet();
      this.#clock.advance(workerLimits.replayStallMs);
      await this.#quiet();
    }
    // What the function returns may come after what it awaits besides ctx.
    if (this.#verdict?.error === undefined && this.outcome === undefined && ends) {
      await new Promise<void>((resolve) => void setTimeout(resolve, patienceMs));
    }
    this.#worker.abandon();
    if (this.#verdict === undefined) return new Error("The workflow has not come to what is recorded.");
    return this.#verdict.error;
  }

  async #quiet(): Promise<void> {
    for (let quiet = 0; quiet < quietTurns; quiet++) {
      const before = this.#turns;
      await nextTurn();
      if (this.#turns !== before) quiet = 0;
      // What the function returns comes with the last settlement, or never.
      if (this.#verdict !== undefined && quiet >= 1) return;
    }
  }
}

/** The error as the class it was: its details say all of it. */
function differenceIn(bytes: Uint8Array): Error {
  const { name, details } = decodeErrorValue(bytes);
  const place = details as NonDeterminismError["details"] | undefined;
  if (name !== "NonDeterminismError" || place === undefined) return decodeError(bytes);
  return new NonDeterminismError(place.step, place.recorded, place.asked);
}

function difference(recorded: RecordedRun, outcome: Outcome | undefined): Error | undefined {
  const place = recorded.journal.reduce((last, entry) => Math.max(last, entry.seq), -1) + 1;
  if (!comesToAnEnd(recorded.status)) return undefined;
  const was = recorded.status === "completed" ? shownValue(recorded.output) : shownError(recorded.error);
  if (outcome === undefined) return new NonDeterminismError(place, was, "no end: the workflow has not returned");
  const is = "output" in outcome ? shownValue(outcome.output) : shownError(outcome.error);
  const same =
    "output" in outcome
      ? recorded.status === "completed" && sameBytes(outcome.output, recorded.output)
      : recorded.status === "failed" && was.startsWith(is);
  return same ? undefined : new NonDeterminismError(place, was, is);
}

const shownCharsMax = 200;

function shownValue(bytes: Uint8Array | undefined): string {
  if (bytes === undefined) return "the output undefined";
  const value = decodeValue(bytes);
  const text = typeof value === "bigint" ? `${value}n` : safeJson(value);
  return `the output ${text.length > shownCharsMax ? `${text.slice(0, shownCharsMax)}…` : text}`;
}

function safeJson(value: unknown): string {
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    return String(value);
  }
}

function shownError(bytes: Uint8Array | undefined): string {
  if (bytes === undefined) return "an error";
  const { name, message } = decodeErrorValue(bytes);
  return `${name}: ${message}`;
}

function sameBytes(a: Uint8Array, b: Uint8Array | undefined): boolean {
  const other = b ?? encodeValue(undefined);
  if (a.length !== other.length) return false;
  for (let at = 0; at < a.length; at++) if (a[at] !== other[at]) return false;
  return true;
}
