// What an operator does to runs: cancel, pause, resume, retry, fork, delete; one at a time or by filter.
import { encodeErrorValue, isFinalStatus } from "@sluice/protocol";
import type { CancelNotice } from "@sluice/protocol";
import { fail, guarded, ok } from "../kernel/result.ts";
import type { Result } from "../kernel/result.ts";
import type {
  AccessFilter,
  Actor,
  ChangeOutcome,
  JournalCursor,
  NewRun,
  RunFilter,
  RunRecord,
} from "../kernel/run-store.ts";
import type { EngineParts } from "./parts.ts";
import type { ReplayChecks } from "./replay-checks.ts";
import { flowOf } from "./flow.ts";
import { flowFields } from "./starts.ts";
import { isErased } from "../kernel/sealed.ts";
import type { Begun } from "./sealing.ts";
import type { Starts } from "./starts.ts";

export interface ForkRequest {
  readonly by: Actor;
  readonly run: string;
  /** The entry that is executed again: its number, or the name of a step (its first occurrence). */
  readonly from?: number | string | undefined;
  /** Encoded input; the original's without one. */
  readonly input?: Uint8Array | undefined;
  /** What the steps of an imported run have found is taken over. */
  readonly trustImported?: boolean | undefined;
}

/** A fork on its way; `input` as it is stored. */
interface Fork {
  readonly id: string;
  readonly before: number | undefined;
  readonly input: Uint8Array;
  readonly row: Begun["row"] | undefined;
}

export const bulkActions = ["cancel", "retry", "pause", "resume", "fork", "delete"] as const;
export type BulkAction = (typeof bulkActions)[number];

export interface BulkResult {
  readonly matched: number;
  readonly changed: number;
  readonly refused: number;
}

const bulkPageMax = 200;

export interface RetryOptions {
  /** Today's code (default), or that which started the run. */
  readonly code?: "current" | "pinned" | undefined;
  /** What failed undos left standing was taken back by hand. */
  readonly takenBack?: boolean | undefined;
}

export class Operations {
  readonly #parts: EngineParts;
  readonly #starts: Starts;
  readonly #checks: ReplayChecks;

  constructor(parts: EngineParts, starts: Starts, checks: ReplayChecks) {
    this.#parts = parts;
    this.#starts = starts;
    this.#checks = checks;
  }

  async cancel(p: {
    readonly by: Actor;
    readonly run: string;
    readonly reason?: string | undefined;
  }): Promise<Result<RunRecord>> {
    const { store, clock } = this.#parts;
    const message = p.reason ?? "The run was cancelled.";
    const { by, run } = p;
    const notice: CancelNotice = { status: "cancelled", reason: "cancelled_by_user", message };
    const error = encodeErrorValue({ name: "CancelledError", message, code: "cancelled" });
    return guarded(async () => {
      const outcome = await store.cancelRun({ by, run, notice, error, now: clock.now() });
      return this.#changed(run, outcome, { code: "run_is_final", what: "has ended and cannot be cancelled" });
    });
  }

  async pause(by: Actor, run: string): Promise<Result<RunRecord>> {
    const { store, clock } = this.#parts;
    return guarded(async () => {
      const outcome = await store.pauseRun({ by, run, now: clock.now() });
      return this.#changed(run, outcome, { code: "conflict", what: "cannot be paused" });
    });
  }

  async resume(by: Actor, run: string): Promise<Result<RunRecord>> {
    const { store, clock } = this.#parts;
    return guarded(async () => {
      const outcome = await store.resumeRun({ by, run, now: clock.now() });
      return this.#changed(run, outcome, { code: "run_not_paused", what: "is neither paused nor parked" });
    });
  }

  /**
   * Runs an ended run again on its own journal: with the current code, which must follow that journal (`replay_mismatch` names
   * the difference), or with the code it was started with. Where an undo has failed, its step would act a second time: that is
   * refused (`undo_failed`) until somebody says that the effect was `takenBack` by hand.
   */
  async retry(by: Actor, run: string, options: RetryOptions = {}): Promise<Result<RunRecord>> {
    return guarded(() => this.#retry(by, run, options));
  }

  async #retry(
    by: Actor,
    run: string,
    { code = "current", takenBack = false }: RetryOptions,
  ): Promise<Result<RunRecord>> {
    const { store, clock, deployments } = this.#parts;
    const record = await store.getRun({ run });
    if (record === undefined) return notFound(run);
    if (record.by.kind === "import") {
      return fail({
        code: "conflict",
        message: `Run ${run} is history that was imported: it is not executed here.`,
        hint: "Fork it to execute its workflow from one of its steps.",
      });
    }
    if (record.reason === "undo_failed" && !takenBack) return standing(run);
    const current = deployments.workflow(record.workflow);
    if (code === "current" && current === undefined) {
      return fail({
        code: "workflow_not_found",
        message: `The current code has no workflow ${record.workflow}.`,
        hint: "Retry with the code the run was started with: code=pinned.",
      });
    }
    if (isErased(record.input)) {
      return fail({
        code: "payload_erased",
        message: `What run ${run} was given has been erased: it cannot be executed again.`,
      });
    }
    if (code === "current" && current !== undefined && current.version !== record.version) {
      const follows = await this.#follows(record);
      if (!follows.ok) return follows;
    }
    const now = clock.now();
    const timeout = current?.manifest.timeout;
    const outcome = await store.retryRun({
      by,
      run,
      now,
      ...(code === "current" && current !== undefined ? { version: current.version } : {}),
      ...(timeout === undefined ? {} : { timeoutAt: now + timeout }),
    });
    // What it still waited for is asked for anew.
    if (outcome.outcome === "ok") this.#parts.recall(run);
    return this.#changed(run, outcome, {
      code: "run_not_final",
      what: "cannot be retried: only runs that failed, were cancelled or wait for help are",
    });
  }

  /** Whether the current code follows what a retry of this run keeps. What cannot be retried is left to the store to refuse. */
  async #follows(run: RunRecord): Promise<Result<null>> {
    if (run.status === "completed" || !(run.blocked || isFinalStatus(run.status))) return ok(null);
    const worker = this.#parts.deployments.forCurrent(run.workflow);
    if (worker !== undefined) return this.#checks.beforeRetry(run, worker);
    return fail({
      code: "no_worker",
      message: `No worker is up to check that the current code follows the journal of run ${run.id}.`,
      hint: "Try again in a moment, or retry with the code the run was started with: code=pinned.",
    });
  }

  /** A new run with the journal of another up to an entry, on today's code. */
  async fork(request: ForkRequest): Promise<Result<RunRecord>> {
    return guarded(() => this.#prepareFork(request));
  }

  async #prepareFork(request: ForkRequest): Promise<Result<RunRecord>> {
    const source = await this.#parts.store.getRun({ run: request.run });
    if (source === undefined) return notFound(request.run);
    const before = await this.#entryFor(request);
    if (!before.ok) return before;
    if (source.by.kind === "import") {
      const { checkForkOfHistory } = await import("./fork-of-history.ts");
      const allowed = await checkForkOfHistory(this.#parts, {
        run: source.id,
        before: before.value,
        trusted: request.trustImported === true,
      });
      if (!allowed.ok) return allowed;
    }
    const begun = await this.#keyOfFork(source);
    const fork = { id: this.#parts.ids.run(), before: before.value, row: begun?.row };
    if (request.input === undefined) return this.#fork(request, source, { ...fork, input: source.input });
    const input = await this.#starts.checkWhole(source.workflow, request.input);
    if (!input.ok) return input;
    const sealed = begun?.seal.seal({ run: fork.id, field: "input" }, input.value) ?? input.value;
    const { stored, release } = await this.#parts.values.keep(sealed);
    try {
      return await this.#fork(request, source, { ...fork, input: stored });
    } finally {
      release();
    }
  }

  /** The copied entries are sealed with the key of the run they come from; so is what the fork adds. */
  async #keyOfFork({ payloadKey, workflow }: RunRecord): Promise<Begun | undefined> {
    const { sealer } = this.#parts;
    if (payloadKey === undefined) return sealer.begin(workflow);
    return { seal: await sealer.sealOf(payloadKey), row: { payloadKey } };
  }

  async #fork(request: ForkRequest, source: RunRecord, { id, before, input, row }: Fork): Promise<Result<RunRecord>> {
    const { store, clock, deployments, route, limits, values } = this.#parts;
    const current = deployments.workflow(source.workflow);
    const given = values.isRef(input) ? await values.load(input) : input;
    const flow = current === undefined ? undefined : flowOf(current.manifest, given, limits);
    const now = clock.now();
    const timeout = current?.manifest.timeout;
    const run: NewRun = {
      id,
      ...row,
      workflow: source.workflow,
      version: current?.version ?? source.version,
      input,
      priority: source.priority,
      tags: source.tags,
      createdAt: now,
      dueAt: now,
      forkedFrom: source.id,
      ...(source.attributes === undefined ? {} : { attributes: source.attributes }),
      // It passes the gates of its workflow, and is a start of its own.
      ...flowFields(current, flow === undefined ? undefined : { gates: flow.gates, share: flow.share }),
      ...(timeout === undefined ? {} : { timeoutAt: now + timeout }),
    };
    const forked = await store.forkRun({
      by: request.by,
      from: source.id,
      run,
      now,
      ...(before === undefined ? {} : { before }),
    });
    if (forked.outcome === "not_found") return notFound(request.run);
    if (forked.outcome !== "created")
      return fail({ code: "conflict", message: `Run ${request.run} could not be forked.` });
    route(forked.effects);
    return ok(forked.run);
  }

  async #entryFor({ run, from }: ForkRequest): Promise<Result<number | undefined>> {
    if (from === undefined) return ok(undefined);
    let cursor: JournalCursor | undefined;
    do {
      const piece = await this.#parts.store.readJournal({
        run,
        bytesMax: this.#parts.limits.journalPieceBytesMax,
        ...(cursor === undefined ? {} : { from: cursor }),
      });
      const entry = piece.entries.find(
        (each) => each.seq === from || (each.name === from && each.n === 0 && each.seq >= 0),
      );
      if (entry !== undefined) return ok(entry.seq);
      cursor = piece.next;
    } while (cursor !== undefined);
    return fail({
      code: "step_not_found",
      message: `Run ${run} has no step ${JSON.stringify(from)}.`,
      hint: "Name a step of the run, or its number in `sluice runs show`.",
    });
  }

  /** With nothing of its journal: the fork begins with the entry that settled first. */
  async #forkFromStart(by: Actor, run: string): Promise<Result<RunRecord>> {
    return guarded(async () => {
      const bytesMax = this.#parts.limits.journalPieceBytesMax;
      const [first] = (await this.#parts.store.readJournal({ run, bytesMax })).entries;
      return this.#prepareFork({ by, run, from: first === undefined || first.ord === 0 ? undefined : first.seq });
    });
  }

  async delete(by: Actor, run: string): Promise<Result<null>> {
    return guarded(() => this.#delete(by, run));
  }

  async #delete(by: Actor, run: string): Promise<Result<null>> {
    const { deleted } = await this.#parts.store.deleteRuns({ by, runs: [run], now: this.#parts.clock.now() });
    if (deleted.length > 0) return ok(null);
    const record = await this.#parts.store.getRun({ run });
    if (record === undefined) return notFound(run);
    return fail({
      code: "run_not_final",
      message: `Run ${run} is ${record.status}.`,
      hint: "Cancel it first; only ended runs are deleted.",
    });
  }

  /** Does one thing to every run a filter matches now; `dryRun` only counts. */
  async bulk(p: {
    readonly by: Actor;
    readonly action: BulkAction;
    readonly filter: RunFilter;
    /** Of these workflows only. */
    readonly access?: AccessFilter | undefined;
    readonly dryRun: boolean;
    readonly reason?: string | undefined;
  }): Promise<Result<BulkResult>> {
    return guarded(() => this.#bulk(p));
  }

  async #bulk(p: Parameters<Operations["bulk"]>[0]): Promise<Result<BulkResult>> {
    const { store, clock } = this.#parts;
    const filter = { ...p.filter, to: Math.min(p.filter.to ?? Number.MAX_SAFE_INTEGER, clock.now() + 1) };
    const { access } = p;
    if (p.dryRun) return ok({ matched: await store.countRuns({ filter, access }), changed: 0, refused: 0 });
    const total = { matched: 0, changed: 0, refused: 0 };
    let cursor: string | undefined;
    do {
      const page = await store.listRuns({ filter, access, limit: bulkPageMax, cursor });
      cursor = page.next;
      for (const run of page.runs) {
        total.matched++;
        const result = await this.#one(p, run.id);
        if (result.ok) total.changed++;
        else total.refused++;
      }
    } while (cursor !== undefined);
    return ok(total);
  }

  async #one(
    p: { readonly by: Actor; readonly action: BulkAction; readonly reason?: string | undefined },
    run: string,
  ): Promise<Result<unknown>> {
    const { by, reason } = p;
    const actions: Readonly<Record<BulkAction, () => Promise<Result<unknown>>>> = {
      cancel: () => this.cancel({ by, run, reason }),
      retry: () => this.retry(by, run),
      pause: () => this.pause(by, run),
      resume: () => this.resume(by, run),
      fork: () => this.#forkFromStart(by, run),
      delete: () => this.delete(by, run),
    };
    return actions[p.action]();
  }

  /** `refusal`: how to say that the run is not in a state that allows it. */
  #changed(
    run: string,
    outcome: ChangeOutcome,
    refusal: {
      readonly code: "run_is_final" | "run_not_final" | "run_not_paused" | "conflict";
      readonly what: string;
    },
  ): Result<RunRecord> {
    const { code, what } = refusal;
    if (outcome.outcome === "not_found") return notFound(run);
    if (outcome.outcome === "refused") {
      return fail({
        code,
        message: `Run ${run} is ${outcome.run.status}; it ${what}.`,
        details: { status: outcome.run.status },
      });
    }
    const { route, watchers, clock } = this.#parts;
    route(outcome.effects);
    const { status, reason } = outcome.run;
    if (watchers.wants(run))
      watchers.publish({ run, type: "run", at: clock.now(), data: { status, statusReason: reason ?? null } });
    return ok(outcome.run);
  }
}

export function notFound(run: string): Result<never> {
  return fail({
    code: "run_not_found",
    message: `There is no run ${JSON.stringify(run)}.`,
    hint: "`sluice runs list` shows what is there.",
  });
}

function standing(run: string): Result<never> {
  return fail({
    code: "undo_failed",
    message: `An undo of run ${run} has failed: a retry would execute its step a second time while the first effect stands.`,
    hint: "Take back what error.details.notUndone lists, then retry with takenBack (sluice runs retry ID --taken-back).",
  });
}
