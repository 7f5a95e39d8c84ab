// Asks a worker whether its code follows the journal of a run that is in nobody's memory, before anything is changed.
import { decodeErrorValue } from "@sluice/protocol";
import type { JournalEntry } from "@sluice/protocol";
import { fail, ok } from "../kernel/result.ts";
import type { Result } from "../kernel/result.ts";
import type { JournalCursor, RunRecord } from "../kernel/run-store.ts";
import type { DeployedWorker } from "./deployments.ts";
import type { Dispatcher } from "./dispatcher.ts";
import type { EngineParts } from "./parts.ts";

/** A check's answer: bytes of the error that names the difference, nothing when there is none; "silent" without an answer. */
type Verdict = { readonly error: Uint8Array | undefined } | "silent";

export class ReplayChecks {
  readonly #parts: EngineParts;
  readonly #dispatcher: Dispatcher;
  readonly #pending = new Map<string, { readonly epoch: number; readonly answer: (verdict: Verdict) => void }>();

  constructor(parts: EngineParts, dispatcher: Dispatcher) {
    this.#parts = parts;
    this.#dispatcher = dispatcher;
  }

  /** Replays what a retry would keep of the journal on a worker's code; a difference is named in the failure. */
  async beforeRetry(run: RunRecord, worker: DeployedWorker): Promise<Result<null>> {
    return this.#check({ ...run, attempt: run.attempt + 1 }, worker, keptByRetry(run, await this.#journal(run.id)));
  }

  /** The same for a run that goes on where it is, on a worker's code. */
  async beforeMove(run: RunRecord, worker: DeployedWorker): Promise<Result<null>> {
    return this.#check(run, worker, await this.#journal(run.id));
  }

  async #check(run: RunRecord, worker: DeployedWorker, journal: readonly JournalEntry[]): Promise<Result<null>> {
    if (journal.length === 0) return ok(null);
    if (this.#pending.has(run.id) || this.#parts.hot.has(run.id)) {
      return fail({ code: "conflict", message: `Run ${run.id} is being taken up already.` });
    }
    const { values } = this.#parts;
    const loaded = await values.loadEntries(journal);
    const record = { ...run, input: await values.load(run.input), version: worker.version };
    const verdict = await this.#ask(record, worker, loaded);
    if (verdict === "silent") {
      return fail({
        code: "no_worker",
        message: `No worker has said whether the current code follows the journal of run ${run.id}.`,
        hint: "Try again in a moment, or leave it on the code the run was started with (of a retry: code=pinned).",
      });
    }
    return verdict.error === undefined ? ok(null) : mismatch(run.id, verdict.error);
  }

  #ask(run: RunRecord, worker: DeployedWorker, journal: readonly JournalEntry[]): Promise<Verdict> {
    const { clock, limits, send } = this.#parts;
    const { cancel: _cancel, outcome: _outcome, ...rest } = run;
    const ord = journal.reduce((last, entry) => Math.max(last, entry.ord), 0);
    const assignment = this.#dispatcher.assignmentOf({ ...rest, ord }, { journal });
    return new Promise((resolve) => {
      const answer = (verdict: Verdict): void => {
        stop();
        this.#pending.delete(run.id);
        resolve(verdict);
      };
      const stop = clock.after(limits.validateTimeoutMs, () => answer("silent"));
      this.#pending.set(run.id, { epoch: run.epoch, answer });
      send(worker.link.id, { type: "assign", assignment: { ...assignment, check: true } });
    });
  }

  async #journal(run: string): Promise<readonly JournalEntry[]> {
    const { store, limits } = this.#parts;
    const entries: JournalEntry[] = [];
    let from: JournalCursor | undefined;
    do {
      const piece = await store.readJournal({
        run,
        bytesMax: limits.journalPieceBytesMax,
        ...(from === undefined ? {} : { from }),
      });
      entries.push(...piece.entries);
      from = piece.next;
    } while (from !== undefined);
    return entries;
  }

  /** A worker's answer; false when nobody asked here. */
  answered(p: { readonly run: string; readonly epoch: number; readonly error?: Uint8Array | undefined }): boolean {
    const pending = this.#pending.get(p.run);
    if (pending === undefined || pending.epoch !== p.epoch) return false;
    pending.answer({ error: p.error });
    return true;
  }
}

/**
 * The entries that `RunStore.retryRun` leaves in their places: without the one that ended the run, open ones and undos. What is to
 * be done again counts with the result it had, which says where the calls after it were made.
 */
export function keptByRetry(run: RunRecord, entries: readonly JournalEntry[]): readonly JournalEntry[] {
  const failures = entries.filter(({ seq, status }) => seq >= 0 && status === "failed");
  const failed = run.status === "failed" ? failures.at(-1)?.seq : undefined;
  const cause = run.cause ?? failed;
  return entries.filter(({ seq, status }) => seq >= 0 && seq !== cause && status !== "running");
}

function mismatch(run: string, bytes: Uint8Array): Result<never> {
  const { message, details, hint } = decodeErrorValue(bytes);
  return fail({
    code: "replay_mismatch",
    message: `The current code does not follow the journal of run ${run}: ${message}`,
    hint: hint ?? "Leave it on the code the run was started with (of a retry: code=pinned).",
    details,
  });
}
