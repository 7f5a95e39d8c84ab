// The run store in plain memory: every verb of the port on linked rows, on any JavaScript runtime.
import { SluiceError } from "@sluice/protocol";
import { blobRefOf } from "../../kernel/blob-ref.ts";
import { brokenError, BrokenIncarnations } from "../../kernel/broken-incarnations.ts";
import type { ChangeOutcome, RunRecord, RunStore, StoreStats } from "../../kernel/run-store.ts";
import { append } from "./append.ts";
import { Change } from "./change.ts";
import { visitValues } from "./contents.ts";
import { createRun } from "./create.ts";
import { checkReadable, emitEvent } from "./events.ts";
import { blockRun, cancelOrphans, cancelRun } from "./finish.ts";
import { readPiece } from "./journal.ts";
import { deleteRuns, forkRun, moveRun, pauseRun, purgeRuns, resumeRun, retryRun, unblockRuns } from "./operations.ts";
import { claimRuns, heldRun, parkRun, recover, releaseRuns } from "./ownership.ts";
import type { RunRow } from "./rows.ts";
import { isFinal, sees, toRecord } from "./runs.ts";
import { fireSchedule } from "./schedules.ts";
import { Tables } from "./tables.ts";
import { fireTimers } from "./timers.ts";
import { completeToken } from "./tokens.ts";

type Params<V extends keyof RunStore> = Parameters<RunStore[V]>[0];
type Result<V extends keyof RunStore> = Awaited<ReturnType<RunStore[V]>>;

/**
 * Keeps everything in memory and forgets it with the object. A verb has happened when it is called and answers later,
 * so that calls take effect in the order in which they are made. Values are kept as they are handed in: a caller that
 * changed their bytes afterwards would change what is stored.
 */
export class MemoryRunStore implements RunStore {
  readonly #tables = new Tables();
  readonly #broken = new BrokenIncarnations();
  #closed = false;

  async createRun(p: Params<"createRun">): Promise<Result<"createRun">> {
    return createRun(this.#change(p.now), p);
  }

  async claimRuns(p: Params<"claimRuns">): Promise<Result<"claimRuns">> {
    return claimRuns(this.#change(p.now), p);
  }

  async readJournal(p: Params<"readJournal">): Promise<Result<"readJournal">> {
    const row = this.#open().runs.get(p.run);
    return row === undefined ? { entries: [] } : readPiece(row, p.from, p.bytesMax);
  }

  async append(p: Params<"append">): Promise<Result<"append">> {
    this.#refuseBroken(p);
    try {
      return append(this.#open(), p);
    } catch (error) {
      this.#broken.note(p.run, p.epoch);
      throw error;
    }
  }

  #refuseBroken(p: { readonly run: string; readonly epoch: number }): void {
    if (this.#broken.has(p.run, p.epoch)) throw brokenError(p.run);
  }

  async parkRun(p: Params<"parkRun">): Promise<Result<"parkRun">> {
    this.#refuseBroken(p);
    const change = this.#change(p.now);
    const row = heldRun(change, p);
    return { outcome: row === undefined ? "stale" : parkRun(change, row, p.paused === true) };
  }

  async releaseRuns(p: Params<"releaseRuns">): Promise<Result<"releaseRuns">> {
    return releaseRuns(this.#change(p.now), p);
  }

  async recover(p: Params<"recover">): Promise<Result<"recover">> {
    const change = this.#change(p.now);
    return { recovered: recover(change, p.owner), effects: change.effects() };
  }

  async blockRun(p: Params<"blockRun">): Promise<Result<"blockRun">> {
    return this.#changeRun(p, (change, row) => {
      if (isFinal(row) || (p.epoch !== undefined && p.epoch !== row.record.epoch)) return false;
      blockRun(change, row, p);
      return true;
    });
  }

  async unblockRuns(p: Params<"unblockRuns">): Promise<Result<"unblockRuns">> {
    const change = this.#change(p.now);
    unblockRuns(change, p);
    return { effects: change.effects() };
  }

  async fireTimers(p: Params<"fireTimers">): Promise<Result<"fireTimers">> {
    const change = this.#change(p.now);
    const fired = fireTimers(change, p.limit);
    return { ...fired, effects: change.effects() };
  }

  async emitEvent(p: Params<"emitEvent">): Promise<Result<"emitEvent">> {
    const change = this.#change(p.now);
    checkReadable(p.content ?? p.payload);
    const { name, key, payload, content, id } = p;
    const emitted = emitEvent(change, { name, key, payload, content, callerId: id });
    return { ...emitted, effects: change.effects() };
  }

  async completeToken(p: Params<"completeToken">): Promise<Result<"completeToken">> {
    return completeToken(this.#change(p.now), p);
  }

  async cancelRun(p: Params<"cancelRun">): Promise<Result<"cancelRun">> {
    return this.#changeRun(p, (change, row) => cancelRun(change, row, p));
  }

  async pauseRun(p: Params<"pauseRun">): Promise<Result<"pauseRun">> {
    return this.#changeRun(p, pauseRun);
  }

  async resumeRun(p: Params<"resumeRun">): Promise<Result<"resumeRun">> {
    return this.#changeRun(p, resumeRun);
  }

  async retryRun(p: Params<"retryRun">): Promise<Result<"retryRun">> {
    return this.#changeRun(p, (change, row) => retryRun(change, row, p));
  }

  async forkRun(p: Params<"forkRun">): Promise<Result<"forkRun">> {
    const change = this.#change(p.now);
    const source = change.tables.runs.get(p.from);
    return source === undefined ? { outcome: "not_found" } : forkRun(change, source, p);
  }

  async moveRun(p: Params<"moveRun">): Promise<Result<"moveRun">> {
    return this.#changeRun(p, (_change, row) => moveRun(row, p));
  }

  async deleteRuns(p: Params<"deleteRuns">): Promise<Result<"deleteRuns">> {
    const change = this.#change(0);
    const rows = new Set<RunRow>();
    for (const id of p.runs) {
      const row = change.tables.runs.get(id);
      if (row !== undefined && isFinal(row)) rows.add(row);
    }
    deleteRuns(change, rows);
    return { deleted: [...rows].map((row) => row.record.id) };
  }

  async purgeRuns(p: Params<"purgeRuns">): Promise<Result<"purgeRuns">> {
    return { deleted: purgeRuns(this.#change(0), p) };
  }

  async sweep(p: Params<"sweep">): Promise<Result<"sweep">> {
    const { events, state } = this.#open();
    return { swept: events.sweep(p.eventsBefore, p.limit) + state.sweep(p.now, p.limit) };
  }

  async setState(p: Params<"setState">): Promise<Result<"setState">> {
    const { state } = this.#open();
    const version = state.get(p.scope, p.key, p.now)?.version ?? 0;
    if (p.ifVersion !== undefined && p.ifVersion !== version) return { outcome: "conflict", version };
    return { outcome: "ok", version: state.set(p) };
  }

  async deleteState(p: Params<"deleteState">): Promise<Result<"deleteState">> {
    const { state } = this.#open();
    const row = state.get(p.scope, p.key, p.now);
    if (row === undefined) return { outcome: "not_found" };
    if (p.ifVersion !== undefined && p.ifVersion !== row.version) return { outcome: "conflict" };
    state.delete(p.scope, p.key);
    return { outcome: "ok" };
  }

  async getState(p: Params<"getState">): Promise<Result<"getState">> {
    const row = this.#open().state.get(p.scope, p.key, p.now);
    return row === undefined ? undefined : { ...row };
  }

  async listState(p: Params<"listState">): Promise<Result<"listState">> {
    return this.#open().state.list(p);
  }

  async putSchedules(p: Params<"putSchedules">): Promise<Result<"putSchedules">> {
    const { schedules } = this.#open();
    schedules.put(p.workflows, p.schedules);
    return schedules.list();
  }

  async listSchedules(): Promise<Result<"listSchedules">> {
    return this.#open().schedules.list();
  }

  async setSchedulePaused(p: Params<"setSchedulePaused">): Promise<Result<"setSchedulePaused">> {
    const { schedules } = this.#open();
    const known = schedules.get(p.schedule);
    const resumed = known?.paused === true && !p.paused;
    return schedules.update(p.schedule, {
      paused: p.paused,
      ...(resumed ? { handledUntil: Math.max(p.now, known.handledUntil) } : {}),
    });
  }

  async fireSchedule(p: Params<"fireSchedule">): Promise<Result<"fireSchedule">> {
    const change = this.#change(p.now);
    const fired = fireSchedule(change, p);
    return fired === undefined ? { outcome: "stale" } : { outcome: "ok", ...fired, effects: change.effects() };
  }

  async putVersion(p: Params<"putVersion">): Promise<void> {
    this.#open().versions.put(p.version, p.retentions);
  }

  async listVersions(): Promise<Result<"listVersions">> {
    return this.#open().versions.list();
  }

  async listRetentions(): Promise<Result<"listRetentions">> {
    const { runs, versions } = this.#open();
    const workflows = new Set(runs.all().map((row) => row.record.workflow));
    return [...workflows].toSorted().map((workflow) => versions.retentionOf(workflow));
  }

  async versionsInUse(): Promise<Result<"versionsInUse">> {
    const counts = new Map<string, number>();
    for (const row of this.#open().runs.all()) {
      if (!isFinal(row)) counts.set(row.record.version, (counts.get(row.record.version) ?? 0) + 1);
    }
    return [...counts]
      .map(([version, runs]) => ({ version, runs }))
      .toSorted((a, b) => (a.version < b.version ? -1 : 1));
  }

  async getRun(p: Params<"getRun">): Promise<RunRecord | undefined> {
    const row = this.#open().runs.get(p.run);
    return row === undefined || !sees(p.access, row.record.workflow) ? undefined : toRecord(row);
  }

  async findByKey(p: Params<"findByKey">): Promise<RunRecord | undefined> {
    const row = this.#open().runs.findByKey(p.workflow, p.key);
    return row === undefined ? undefined : toRecord(row);
  }

  async listRuns(p: Params<"listRuns">): Promise<Result<"listRuns">> {
    return this.#open().runs.list(p);
  }

  async countRuns(p: Params<"countRuns">): Promise<number> {
    return this.#open().runs.count(p.filter, p.access);
  }

  async listLogs(p: Params<"listLogs">): Promise<Result<"listLogs">> {
    const logs = this.#open().runs.get(p.run)?.logs ?? [];
    const from = Math.max(0, p.after);
    return logs.slice(from, from + p.limit);
  }

  async getToken(p: Params<"getToken">): Promise<Result<"getToken">> {
    const row = this.#open().tokens.get(p.token);
    return row === undefined ? undefined : { ...row.record };
  }

  async listTokens(p: Params<"listTokens">): Promise<Result<"listTokens">> {
    return this.#open().tokens.list(p);
  }

  async listEvents(p: Params<"listEvents">): Promise<Result<"listEvents">> {
    return this.#open().events.list(p);
  }

  async blobsInUse(p: Params<"blobsInUse">): Promise<readonly string[]> {
    const asked = new Set(p.blobs);
    const used = new Set<string>();
    visitValues(this.#open(), (value) => {
      const blob = blobRefOf(value);
      if (blob !== undefined && asked.has(blob)) used.add(blob);
    });
    return [...asked].filter((blob) => used.has(blob));
  }

  async stats(): Promise<StoreStats> {
    const { events, runs, waits } = this.#open();
    const counts: Partial<Record<RunRecord["status"], number>> = {};
    for (const { record } of runs.all()) counts[record.status] = (counts[record.status] ?? 0) + 1;
    let bytes = 0;
    visitValues(this.#tables, (value) => {
      bytes += value.length;
    });
    return { runs: counts, ready: runs.claimable, timers: waits.timers, events: events.size, bytes };
  }

  /** Always refused: there is no disk here to write to. */
  async backup(): Promise<never> {
    throw new SluiceError({ code: "store_failed", message: "A store in memory cannot be backed up to a file." });
  }

  async close(): Promise<void> {
    this.#closed = true;
  }

  #open(): Tables {
    if (this.#closed) throw new SluiceError({ code: "store_failed", message: "The store has been closed." });
    return this.#tables;
  }

  #change(now: number): Change {
    return new Change(this.#open(), now);
  }

  /** Changes one run, or says why not. */
  #changeRun(
    p: { readonly run: string; readonly now: number },
    apply: (change: Change, row: RunRow) => boolean,
  ): ChangeOutcome {
    const change = this.#change(p.now);
    const row = change.tables.runs.get(p.run);
    if (row === undefined) return { outcome: "not_found" };
    if (!apply(change, row)) return { outcome: "refused", run: toRecord(row) };
    cancelOrphans(change);
    return { outcome: "ok", run: toRecord(row), effects: change.effects() };
  }
}
