// Moves runs from old code to the current one, at somebody's wish: each replays its journal on it first.
import { fail, guarded, ok } from "../kernel/result.ts";
import type { Result } from "../kernel/result.ts";
import type { AccessFilter, Actor, RunRecord } from "../kernel/run-store.ts";
import { notFound } from "./operations.ts";
import type { EngineParts } from "./parts.ts";
import type { ReplayChecks } from "./replay-checks.ts";
import { isFinalStatus, runStatuses } from "@sluice/protocol";
import type { ErrorCode } from "@sluice/protocol";

/** A run that stays on its version, and why. */
export interface LeftRun {
  readonly run: string;
  readonly workflow: string;
  readonly code: ErrorCode;
  readonly message: string;
}

export interface Drained {
  readonly moved: number;
  /** The first of them. */
  readonly left: readonly LeftRun[];
  readonly leftRuns: number;
  /** Where the next call goes on; absent when every run was looked at. */
  readonly next?: string | undefined;
}

/** Runs looked at in one call: each may take a replay. */
const drainBatchMax = 100;
/** Runs named that stay. */
const leftShownMax = 50;

const unfinished = runStatuses.filter((status) => !isFinalStatus(status));
/** Reasons for which a run was parked that end with the move. */
const endedByMove: ReadonlySet<string> = new Set(["version_unavailable", "replay_check_failed"]);

export class Moves {
  readonly #parts: EngineParts;
  readonly #checks: ReplayChecks;

  constructor(parts: EngineParts, checks: ReplayChecks) {
    this.#parts = parts;
    this.#checks = checks;
  }

  /**
   * Moves an unfinished run to the current code, which must follow its journal (`replay_mismatch`). One in the memory of a worker
   * stays (`conflict`). One that is there already is answered as it is.
   */
  async move(p: { readonly by: Actor; readonly run: string }): Promise<Result<RunRecord>> {
    return guarded(async () => {
      const record = await this.#parts.store.getRun({ run: p.run });
      return record === undefined ? notFound(p.run) : this.#move(p.by, record);
    });
  }

  async #move(by: Actor, record: RunRecord): Promise<Result<RunRecord>> {
    const { store, clock, deployments, route, changes } = this.#parts;
    const { id: run, workflow } = record;
    if (isFinalStatus(record.status)) {
      return fail({ code: "run_is_final", message: `Run ${run} has ended; there is nothing of it to move.` });
    }
    const current = deployments.workflow(workflow);
    if (current === undefined) {
      return fail({
        code: "workflow_not_found",
        message: `The current code has no workflow ${workflow}.`,
        hint: "Leave the run on its version, or cancel it.",
      });
    }
    if (record.version === current.version) return ok(record);
    if (record.owner !== undefined) return inMemory(run);
    const follows = await this.#follows(record);
    if (!follows.ok) return follows;
    const moved = await store.moveRun({ by, run, version: current.version, now: clock.now() });
    if (moved.outcome === "not_found") return notFound(run);
    if (moved.outcome === "refused") return inMemory(run);
    route(moved.effects);
    changes.note("runs", run);
    if (!moved.run.blocked || !endedByMove.has(moved.run.reason ?? "")) return ok(moved.run);
    const resumed = await store.resumeRun({ by, run, now: clock.now() });
    if (resumed.outcome !== "ok") return ok(moved.run);
    route(resumed.effects);
    return ok(resumed.run);
  }

  /** Whether the current code follows its journal; one that has not begun has none. */
  async #follows(record: RunRecord): Promise<Result<null>> {
    if (record.startedAt === undefined) return ok(null);
    const worker = this.#parts.deployments.forCurrent(record.workflow);
    if (worker !== undefined) return this.#checks.beforeMove(record, worker);
    return fail({
      code: "no_worker",
      message: `No worker is up to check that the current code follows the journal of run ${record.id}.`,
      hint: "Try again in a moment.",
    });
  }

  /** Moves what can be moved of a version's unfinished runs, up to `drainBatchMax` in one call. */
  async drain(p: {
    readonly by: Actor;
    readonly version: string;
    readonly workflow?: string | undefined;
    readonly access?: AccessFilter | undefined;
    readonly cursor?: string | undefined;
  }): Promise<Result<Drained>> {
    return guarded(async () => {
      const { version, workflow, access, cursor } = p;
      const filter = { version, status: unfinished, ...(workflow === undefined ? {} : { workflow }) };
      const page = await this.#parts.store.listRuns({ filter, limit: drainBatchMax, cursor, access });
      const left: LeftRun[] = [];
      let moved = 0;
      for (const record of page.runs) {
        const answer = await this.#move(p.by, record);
        if (!answer.ok)
          left.push({
            run: record.id,
            workflow: record.workflow,
            code: answer.error.code,
            message: answer.error.message,
          });
        else if (answer.value.version !== version) moved++;
      }
      return ok({
        moved,
        left: left.slice(0, leftShownMax),
        leftRuns: left.length,
        ...(page.next === undefined ? {} : { next: page.next }),
      });
    });
  }
}

function inMemory(run: string): Result<never> {
  return fail({
    code: "conflict",
    message: `Run ${run} is in the memory of a worker, with the code it was started with.`,
    hint: "Try again when it only waits, or pause it first.",
  });
}
