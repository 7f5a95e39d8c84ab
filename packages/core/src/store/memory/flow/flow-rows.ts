// The rows of flow control in memory.
import { queueGate, type FlowRule, type QueueRecord } from "../../../kernel/flow.ts";
import type { FlowRows, GateRow, LineRow, PlaceRow, ShareRow } from "../../flow/flow-rows.ts";
import type { WindowRow } from "../../flow/windows.ts";
import { Heap, type HeapItem } from "../heap.ts";

/** A place, and the line in which it is found. */
interface Spot extends HeapItem {
  row: PlaceRow;
  line: string | null;
}

/** A start that became part of a run. */
export interface JoinedStart {
  readonly run: string;
  readonly workflow: string;
  readonly key?: string | undefined;
  readonly inputHash?: string | undefined;
  readonly input?: Uint8Array | undefined;
}

export class MemoryFlowRows implements FlowRows {
  readonly #spots = new Map<string, Spot>();
  readonly #inLine = new Map<string, Heap<Spot>>();
  readonly #singles = new Map<string, Set<string>>();
  readonly #lines = new Map<string, LineRow>();
  readonly #shares = new Map<string, ShareRow>();
  readonly #gates = new Map<string, GateRow>();
  readonly #rules = new Map<string, FlowRule>();
  readonly #queues = new Map<string, boolean>();
  readonly #queueOf = new Map<string, string>();
  readonly #windows = new Map<string, WindowRow>();
  #joined: JoinedStart[] = [];

  place(run: string): PlaceRow | undefined {
    return copyOf(this.#spots.get(run)?.row);
  }

  putPlace(row: PlaceRow): void {
    const spot = this.#spots.get(row.run) ?? { row, line: null, heapAt: -1 };
    this.#forgetSingle(spot.row);
    spot.row = { ...row };
    this.#spots.set(row.run, spot);
    if (row.single !== null) {
      const singles = this.#singles.get(row.single) ?? new Set();
      this.#singles.set(row.single, singles.add(row.run));
    }
    if (spot.line === row.line) return;
    this.#leave(spot);
    spot.line = row.line;
    if (row.line === null) return;
    const heap = this.#inLine.get(row.line) ?? new Heap<Spot>(goesFirst);
    this.#inLine.set(row.line, heap);
    heap.add(spot);
  }

  #forgetSingle({ single, run }: PlaceRow): void {
    if (single === null) return;
    const singles = this.#singles.get(single);
    singles?.delete(run);
    if (singles?.size === 0) this.#singles.delete(single);
  }

  #leave(spot: Spot): void {
    if (spot.line === null) return;
    const heap = this.#inLine.get(spot.line);
    heap?.remove(spot);
    if (heap?.size === 0) this.#inLine.delete(spot.line);
  }

  deletePlace(run: string): void {
    const spot = this.#spots.get(run);
    if (spot === undefined) return;
    this.#forgetSingle(spot.row);
    this.#leave(spot);
    this.#spots.delete(run);
    this.#joined = this.#joined.filter((start) => start.run !== run);
  }

  firstIn(line: string): PlaceRow | undefined {
    return copyOf(this.#inLine.get(line)?.peek()?.row);
  }

  singles(gate: string): readonly PlaceRow[] {
    const runs = [...(this.#singles.get(gate) ?? [])].toSorted();
    return runs.map((run) => this.place(run)).filter((row) => row !== undefined);
  }

  line(line: string): LineRow | undefined {
    return copyOf(this.#lines.get(line));
  }
  putLine(row: LineRow): void {
    this.#lines.set(row.line, { ...row });
  }
  deleteLine(line: string): void {
    this.#lines.delete(line);
  }
  firstOpen(share: string): LineRow | undefined {
    const open = this.#linesWhere((line) => line.share === share && line.blocked === null);
    return least(open, (a, b) => a.head - b.head || order(a.line, b.line));
  }
  firstBlocked(gate: string): LineRow | undefined {
    const blocked = this.#linesWhere((line) => line.blocked === gate);
    return least(blocked, (a, b) => a.turn - b.turn || a.head - b.head || order(a.line, b.line));
  }
  blockedBetween(from: string, to: string): readonly LineRow[] {
    return this.#linesWhere(({ blocked }) => blocked !== null && blocked >= from && blocked < to).toSorted(
      (a, b) => order(a.blocked ?? "", b.blocked ?? "") || a.turn - b.turn || a.head - b.head,
    );
  }
  openLines(): number {
    return this.#linesWhere((line) => line.blocked === null).length;
  }
  #linesWhere(fits: (line: LineRow) => boolean): LineRow[] {
    return [...this.#lines.values()].filter((line) => fits(line)).map((line) => ({ ...line }));
  }

  share(share: string): ShareRow | undefined {
    return copyOf(this.#shares.get(share));
  }
  putShare(row: ShareRow): void {
    this.#shares.set(row.share, { ...row });
  }
  deleteShare(share: string): void {
    this.#shares.delete(share);
  }
  firstShare(): ShareRow | undefined {
    const open = [...this.#shares.values()].filter((row) => row.open > 0 && row.share !== "");
    return copyOf(least(open, (a, b) => a.turn - b.turn || order(a.share, b.share)));
  }

  gate(gate: string): GateRow | undefined {
    return copyOf(this.#gates.get(gate));
  }
  putGate(row: GateRow): void {
    this.#gates.set(row.gate, { ...row });
  }
  deleteGate(gate: string): void {
    this.#gates.delete(gate);
  }
  opened(now: number, limit: number): readonly GateRow[] {
    const due = [...this.#gates.values()].filter((row) => row.opensAt !== null && row.opensAt <= now);
    const sorted = due.toSorted((a, b) => (a.opensAt ?? 0) - (b.opensAt ?? 0) || order(a.gate, b.gate));
    return sorted.slice(0, limit).map((row) => ({ ...row }));
  }
  nextOpening(): number | undefined {
    let next: number | undefined;
    for (const { opensAt } of this.#gates.values()) if (opensAt !== null) next = Math.min(next ?? opensAt, opensAt);
    return next;
  }

  rule(id: string): FlowRule | undefined {
    return this.#rules.get(id);
  }
  /** Makes the rules of a workflow be these; ids of those that are not as they were. */
  putRules(workflow: string, rules: readonly FlowRule[]): readonly string[] {
    const before = [...this.#rules.values()].filter((rule) => rule.workflow === workflow);
    const changed = new Set(before.map((rule) => rule.id));
    for (const rule of before) this.#rules.delete(rule.id);
    for (const rule of rules) {
      const was = before.find(({ id }) => id === rule.id);
      if (was !== undefined && JSON.stringify(was) === JSON.stringify(rule)) changed.delete(rule.id);
      else changed.add(rule.id);
      this.#rules.set(rule.id, rule);
    }
    return [...changed];
  }

  isPaused(queue: string): boolean {
    return this.#queues.get(queue) === true;
  }
  putQueue(workflow: string, queue: string | undefined): void {
    if (queue === undefined) {
      this.#queueOf.delete(workflow);
      return;
    }
    this.#queueOf.set(workflow, queue);
    if (!this.#queues.has(queue)) this.#queues.set(queue, false);
  }
  /** False when there is no such queue. */
  setPaused(queue: string, paused: boolean): boolean {
    if (!this.#queues.has(queue)) return false;
    this.#queues.set(queue, paused);
    return true;
  }
  queues(): readonly QueueRecord[] {
    return [...this.#queues]
      .toSorted(([a], [b]) => order(a, b))
      .map(([name, paused]) => ({
        name,
        paused,
        workflows: [...this.#queueOf].flatMap(([workflow, queue]) => (queue === name ? [workflow] : [])).toSorted(),
        held: paused
          ? this.#linesWhere((line) => line.blocked === queueGate(name)).reduce((sum, line) => sum + line.waiting, 0)
          : 0,
      }));
  }

  window(id: string): WindowRow | undefined {
    return this.#windows.get(id);
  }
  putWindow(row: WindowRow): void {
    this.#windows.set(row.id, row);
  }
  deleteWindowOf(run: string): void {
    for (const row of this.#windows.values()) if (row.run === run && row.count > 0) this.#windows.delete(row.id);
  }
  /** Deletes windows that have ended, unless their run still waits for them. */
  sweep(now: number, limit: number, waits: (run: string) => boolean): number {
    const old = [...this.#windows.values()].filter(
      ({ until, run, count }) => until < now && (run === null || count === 0 || !waits(run)),
    );
    const gates = [...this.#gates.values()].filter(
      (row) => row.used === 0 && row.opensAt === null && row.arrival < now,
    );
    for (const { id } of old.slice(0, limit)) this.#windows.delete(id);
    for (const { gate } of gates.slice(0, limit)) this.#gates.delete(gate);
    return Math.min(old.length, limit) + Math.min(gates.length, limit);
  }

  join(start: JoinedStart): void {
    this.#joined.push(start);
  }
  joinedByKey(workflow: string, key: string): JoinedStart | undefined {
    return this.#joined.find((start) => start.workflow === workflow && start.key === key);
  }
  /** The gathered inputs of a run, which are no longer kept apart. */
  takeInputs(run: string): readonly Uint8Array[] {
    const inputs = this.#joined.flatMap((start) =>
      start.run === run && start.input !== undefined ? [start.input] : [],
    );
    if (inputs.length === 0) return inputs;
    this.#joined = this.#joined.map((start) => (start.run === run ? { ...start, input: undefined } : start));
    return inputs;
  }
}

function goesFirst(a: Spot, b: Spot): boolean {
  return a.row.rank === b.row.rank ? a.row.run < b.row.run : a.row.rank < b.row.rank;
}

function order(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1;
}

function least<T>(rows: readonly T[], compare: (a: T, b: T) => number): T | undefined {
  let first: T | undefined;
  for (const row of rows) if (first === undefined || compare(row, first) < 0) first = row;
  return first;
}

function copyOf<T extends object>(row: T | undefined): T | undefined {
  return row === undefined ? undefined : { ...row };
}
