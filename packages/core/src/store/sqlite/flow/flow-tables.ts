// The rows of flow control in SQLite.
import type { FlowRule, QueueRecord } from "../../../kernel/flow.ts";
import { queueGate } from "../../../kernel/flow.ts";
import type { FlowRows, GateRow, LineRow, PlaceRow, ShareRow } from "../../flow/flow-rows.ts";
import type { WindowRow } from "../../flow/windows.ts";
import type { Connection } from "../connection.ts";
import { lazily } from "../statement.ts";
import { flowSql as sql } from "./flow-sql.ts";

type StoredPlace = Omit<PlaceRow, "gates" | "held"> & { readonly gates: string; readonly held: string };
type StoredRule = Omit<FlowRule, "countWaiting" | "perMs" | "burst"> & {
  readonly countWaiting: number;
  readonly perMs: number | null;
  readonly burst: number | null;
};

/** A start that became part of a run. */
export interface JoinedStart {
  readonly run: string;
  readonly workflow: string;
  readonly key?: string | undefined;
  readonly inputHash?: string | undefined;
  readonly input?: Uint8Array | undefined;
}

export class FlowTables implements FlowRows {
  readonly #rules = new Map<string, FlowRule | undefined>();
  readonly #s;

  constructor(db: Connection) {
    this.#s = statementsOf(db);
  }

  /** After a rollback nothing remembered can be trusted. */
  reset(): void {
    this.#rules.clear();
  }

  place(run: string): PlaceRow | undefined {
    return toPlace(this.#s.place().get(run));
  }
  putPlace(row: PlaceRow): void {
    const { run, gates, share, rank, line, held, single } = row;
    this.#s.putPlace().run(run, JSON.stringify(gates), share, rank, line, JSON.stringify(held), single);
  }
  deletePlace(run: string): void {
    this.#s.deletePlace().run(run);
    this.#s.deleteJoined().run(run);
  }
  firstIn(line: string): PlaceRow | undefined {
    return toPlace(this.#s.firstIn().get(line));
  }
  singles(gate: string): readonly PlaceRow[] {
    return this.#s
      .singles()
      .all(gate)
      .map((row) => toPlace(row))
      .filter((row) => row !== undefined);
  }

  line(line: string): LineRow | undefined {
    return this.#s.line().get(line) ?? undefined;
  }
  putLine({ line, share, waiting, head, blocked, turn }: LineRow): void {
    this.#s.putLine().run(line, share, waiting, head, blocked, turn);
  }
  deleteLine(line: string): void {
    this.#s.deleteLine().run(line);
  }
  firstOpen(share: string): LineRow | undefined {
    return this.#s.firstOpen().get(share) ?? undefined;
  }
  firstBlocked(gate: string): LineRow | undefined {
    return this.#s.firstBlocked().get(gate) ?? undefined;
  }
  blockedBetween(from: string, to: string): readonly LineRow[] {
    return this.#s.blockedBetween().all(from, to);
  }
  openLines(): number {
    return this.#s.openLines().get()?.n ?? 0;
  }

  share(share: string): ShareRow | undefined {
    return this.#s.share().get(share) ?? undefined;
  }
  putShare({ share, turn, open, lines }: ShareRow): void {
    this.#s.putShare().run(share, turn, open, lines);
  }
  deleteShare(share: string): void {
    this.#s.deleteShare().run(share);
  }
  firstShare(): ShareRow | undefined {
    return this.#s.firstShare().get() ?? undefined;
  }

  gate(gate: string): GateRow | undefined {
    return this.#s.gate().get(gate) ?? undefined;
  }
  putGate({ gate, used, arrival, opensAt }: GateRow): void {
    this.#s.putGate().run(gate, used, arrival, opensAt);
  }
  deleteGate(gate: string): void {
    this.#s.deleteGate().run(gate);
  }
  opened(now: number, limit: number): readonly GateRow[] {
    return this.#s.opened().all(now, limit);
  }
  nextOpening(): number | undefined {
    return this.#s.nextOpening().get()?.opensAt ?? undefined;
  }

  rule(id: string): FlowRule | undefined {
    if (this.#rules.has(id)) return this.#rules.get(id);
    const rule = toRule(this.#s.rule().get(id));
    this.#rules.set(id, rule);
    return rule;
  }
  /** Makes the rules of a workflow be these; ids of those that are not as they were. */
  putRules(workflow: string, rules: readonly FlowRule[]): readonly string[] {
    const changed = new Set(
      this.#s
        .rulesOf()
        .all(workflow)
        .map((row) => row.id),
    );
    for (const rule of rules) {
      const before = toRule(this.#s.rule().get(rule.id));
      if (before !== undefined && isSame(before, rule)) changed.delete(rule.id);
      else changed.add(rule.id);
    }
    this.#s.deleteRules().run(workflow);
    for (const { id, kind, path, max, perMs, burst, countWaiting } of rules) {
      this.#s.putRule().run(id, workflow, kind, path, max, perMs ?? null, burst ?? null, countWaiting ? 1 : 0);
    }
    this.#rules.clear();
    return [...changed];
  }

  isPaused(queue: string): boolean {
    return this.#s.queue().get(queue)?.paused === 1;
  }
  /** Notes which queue a workflow names now; undefined: none. */
  putQueue(workflow: string, queue: string | undefined): void {
    if (queue === undefined) {
      this.#s.leaveQueue().run(workflow);
      return;
    }
    this.#s.joinQueue().run(workflow, queue);
    this.#s.addQueue().run(queue);
  }
  /** False when there is no such queue. */
  setPaused(queue: string, paused: boolean): boolean {
    return this.#s.setPaused().run(paused ? 1 : 0, queue).changes > 0;
  }
  queues(): readonly QueueRecord[] {
    const workflows = this.#s.queueWorkflows().all();
    return this.#s
      .queues()
      .all()
      .map(({ name, paused }) => ({
        name,
        paused: paused === 1,
        workflows: workflows.filter((row) => row.queue === name).map((row) => row.workflow),
        held: paused === 1 ? (this.#s.held().get(queueGate(name))?.n ?? 0) : 0,
      }));
  }

  window(id: string): WindowRow | undefined {
    return this.#s.window().get(id) ?? undefined;
  }
  putWindow({ id, run, openedAt, until, count, bytes }: WindowRow): void {
    this.#s.putWindow().run(id, run, openedAt, until, count, bytes);
  }
  deleteWindowOf(run: string): void {
    this.#s.deleteWindowOf().run(run);
  }
  /** Deletes windows that ended and whose run, if there is one, does not wait for them. */
  sweep(now: number, limit: number): number {
    return this.#s.sweep().run(now, limit).changes + this.#s.sweepGates().run(now, limit).changes;
  }

  join(start: JoinedStart): void {
    this.#s
      .join()
      .run(start.run, start.workflow, start.key ?? null, start.inputHash ?? null, start.input ?? null, start.run);
  }
  joinedByKey(workflow: string, key: string): { readonly run: string; readonly inputHash: string | null } | undefined {
    return this.#s.joinedByKey().get(workflow, key) ?? undefined;
  }
  /** The gathered inputs of a run, which are no longer kept apart. */
  takeInputs(run: string): readonly Uint8Array[] {
    const rows = this.#s.inputs().all(run);
    if (rows.length > 0) this.#s.forgetInputs().run(run);
    return rows.map((row) => row.input);
  }
  queued(workflow: string): number {
    return this.#s.queued().get(workflow)?.count ?? 0;
  }
}

function statementsOf(db: Connection) {
  return {
    place: lazily<StoredPlace>(db, sql.place),
    putPlace: lazily(db, sql.putPlace),
    deletePlace: lazily(db, sql.deletePlace),
    firstIn: lazily<StoredPlace>(db, sql.firstIn),
    singles: lazily<StoredPlace>(db, sql.singles),
    line: lazily<LineRow>(db, sql.line),
    putLine: lazily(db, sql.putLine),
    deleteLine: lazily(db, sql.deleteLine),
    firstOpen: lazily<LineRow>(db, sql.firstOpen),
    firstBlocked: lazily<LineRow>(db, sql.firstBlocked),
    blockedBetween: lazily<LineRow>(db, sql.blockedBetween),
    openLines: lazily<{ n: number }>(db, sql.openLines),
    share: lazily<ShareRow>(db, sql.share),
    putShare: lazily(db, sql.putShare),
    deleteShare: lazily(db, sql.deleteShare),
    firstShare: lazily<ShareRow>(db, sql.firstShare),
    gate: lazily<GateRow>(db, sql.gate),
    putGate: lazily(db, sql.putGate),
    deleteGate: lazily(db, sql.deleteGate),
    opened: lazily<GateRow>(db, sql.opened),
    nextOpening: lazily<{ opensAt: number | null }>(db, sql.nextOpening),
    rule: lazily<StoredRule>(db, sql.rule),
    rulesOf: lazily<{ id: string }>(db, sql.rulesOf),
    deleteRules: lazily(db, sql.deleteRules),
    putRule: lazily(db, sql.putRule),
    queue: lazily<{ paused: number }>(db, sql.queue),
    joinQueue: lazily(db, sql.joinQueue),
    leaveQueue: lazily(db, sql.leaveQueue),
    addQueue: lazily(db, sql.addQueue),
    setPaused: lazily(db, sql.setPaused),
    queues: lazily<{ name: string; paused: number }>(db, sql.queues),
    queueWorkflows: lazily<{ workflow: string; queue: string }>(db, sql.queueWorkflows),
    held: lazily<{ n: number | null }>(db, sql.held),
    window: lazily<WindowRow>(db, sql.window),
    putWindow: lazily(db, sql.putWindow),
    deleteWindowOf: lazily(db, sql.deleteWindowOf),
    sweep: lazily(db, sql.sweep),
    sweepGates: lazily(db, sql.sweepGates),
    join: lazily(db, sql.join),
    joinedByKey: lazily<{ run: string; inputHash: string | null }>(db, sql.joinedByKey),
    inputs: lazily<{ input: Uint8Array }>(db, sql.inputs),
    forgetInputs: lazily(db, sql.forgetInputs),
    deleteJoined: lazily(db, sql.deleteJoined),
    queued: lazily<{ count: number }>(db, sql.queued),
  };
}

function toPlace(row: StoredPlace | null): PlaceRow | undefined {
  if (row === null) return undefined;
  return { ...row, gates: JSON.parse(row.gates) as string[], held: JSON.parse(row.held) as string[] };
}

function toRule(row: StoredRule | null): FlowRule | undefined {
  if (row === null) return undefined;
  const { perMs, burst, countWaiting, ...rule } = row;
  return {
    ...rule,
    countWaiting: countWaiting === 1,
    ...(perMs === null ? {} : { perMs }),
    ...(burst === null ? {} : { burst }),
  };
}

function isSame(a: FlowRule, b: FlowRule): boolean {
  return a.max === b.max && a.perMs === b.perMs && a.burst === b.burst && a.countWaiting === b.countWaiting;
}
