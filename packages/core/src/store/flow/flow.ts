// Decides which of the runs that pass gates may begin, and when: the one place where limits are kept, for both adapters.
//
// Runs that wait for the same gates stand in one line, so that only the first of each line is ever looked at. A line whose first
// run meets a closed gate is blocked by it; each place that becomes free at a gate opens one line again. Shares take turns.
import { gatesOfRule, partsOf, queueGate, type FlowRule } from "../../kernel/flow.ts";
import { gatesOfLine, lineId, type FlowRows, type GateRow, type LineRow, type PlaceRow } from "./flow-rows.ts";

/** How a run stands, as far as gates are concerned. */
export interface Standing {
  readonly id: string;
  /** It has been claimed before. */
  readonly begun: boolean;
  readonly final: boolean;
  /** In memory and not only waiting. */
  readonly active: boolean;
  /** It waits in a line. */
  readonly inLine: boolean;
}

/** What is next: a run from a line, or the first of those that pass no gates. */
export type Next = { readonly run: string } | "plain" | undefined;

const everyone = "";

export class Flow {
  readonly #rows: FlowRows;
  /** Lines that are not blocked; undefined: to be counted. */
  #open: number | undefined;
  /** Turn of what was taken last, and of the runs that belong to no share; undefined after a start. */
  #turn: number | undefined;
  #everyonesTurn = 0;
  #opened = 0;
  #due: number | undefined;

  constructor(rows: FlowRows) {
    this.#rows = rows;
  }

  /** Whether any run may be taken from a line. */
  get active(): boolean {
    return (this.#open ??= this.#rows.openLines()) > 0;
  }

  /** After a rollback nothing remembered can be trusted. */
  reset(): void {
    this.#open = undefined;
    this.#turn = undefined;
    this.#opened = 0;
    this.#due = undefined;
  }

  /** Lines opened since this was asked last: so many runs may be claimed, or more. */
  takeOpened(): number {
    const opened = this.#opened;
    this.#opened = 0;
    return opened;
  }

  /** The earliest time, since this was asked last, at which some gate opens by itself. */
  takeDue(): number | undefined {
    const due = this.#due;
    this.#due = undefined;
    return due;
  }

  /** Puts a run into the line of the gates it has to pass now. False: there are none, it may be claimed at once. */
  enter(run: { readonly id: string; readonly begun: boolean }, now: number): boolean {
    const rows = this.#rows;
    const place = rows.place(run.id);
    if (place === undefined) return false;
    const gates = this.#needed(place, run.begun);
    const id = lineId(place.share, gates);
    const before = place.line;
    if (before !== null && before === id) return true;
    place.line = gates.length === 0 ? null : id;
    rows.putPlace(place);
    if (before !== null) this.#leave(before, now);
    if (place.line === null) return false;
    const line = rows.line(place.line);
    if (line === undefined) {
      this.#addLine(place, place.line, now);
      return true;
    }
    line.waiting++;
    line.head = Math.min(line.head, place.rank);
    rows.putLine(line);
    return true;
  }

  #addLine(place: PlaceRow, id: string, now: number): void {
    const rows = this.#rows;
    const closed = this.#firstClosed(gatesOfLine(id), now);
    const share = rows.share(place.share) ?? { share: place.share, turn: this.#now(), open: 0, lines: 0 };
    share.turn = Math.max(share.turn, this.#now());
    share.lines++;
    if (closed === undefined) share.open++;
    rows.putShare(share);
    rows.putLine({
      line: id,
      share: place.share,
      waiting: 1,
      head: place.rank,
      blocked: closed ?? null,
      turn: share.turn,
    });
    if (closed === undefined) this.#countOpen(1);
    else this.#awaitOpening(closed, now);
  }

  #now(): number {
    return (this.#turn ??= this.#rows.firstShare()?.turn ?? 0);
  }

  #countOpen(lines: number): void {
    if (this.#open !== undefined) this.#open += lines;
    if (lines > 0) this.#opened += lines;
  }

  /** Gates a run passes when it is claimed: all of them at its beginning, later those of limits whose place it gave up. */
  #needed(place: PlaceRow, begun: boolean): readonly string[] {
    return place.gates.filter((gate) => {
      const { kind } = partsOf(gate);
      if (kind === "queue" || kind === "throttle") return !begun;
      return !this.#keeps(place, gate);
    });
  }

  #keeps(place: PlaceRow, gate: string): boolean {
    return place.held.includes(gate) && this.#rows.rule(partsOf(gate).rule)?.countWaiting === true;
  }

  /** True when a run that is about to exist may begin this moment: nobody waits who would have to go first. */
  mayBegin(p: { readonly share: string; readonly gates: readonly string[] }, now: number): boolean {
    if (this.active || this.#rows.line(lineId(p.share, p.gates)) !== undefined) return false;
    return this.#firstClosed(p.gates, now) === undefined;
  }

  /** True when a run in memory that has only waited may go on. */
  mayGoOn(run: string, now: number): boolean {
    const place = this.#rows.place(run);
    return place === undefined || this.#firstClosed(this.#needed(place, true), now) === undefined;
  }

  /** The gate that a run in a line waits for; undefined while it may be claimed, as far as is known. */
  blockedBy(run: string): string | undefined {
    const line = this.#rows.place(run)?.line ?? undefined;
    return line === undefined ? undefined : (this.#rows.line(line)?.blocked ?? undefined);
  }

  #firstClosed(gates: readonly string[], now: number): string | undefined {
    return gates.find((gate) => !this.#isOpen(gate, now));
  }

  #isOpen(gate: string, now: number): boolean {
    const { rule: id, kind, path } = partsOf(gate);
    if (kind === "queue") return !this.#rows.isPaused(path);
    const rule = this.#rows.rule(id);
    // Today's code has no such limit any more.
    if (rule === undefined) return true;
    const row = this.#rows.gate(gate);
    if (row === undefined) return rule.max > 0;
    return kind === "throttle" ? opensAt(row, rule) <= now : row.used < rule.max;
  }

  /** Brings places and lines in step with how a run stands now. */
  settle(run: Standing, now: number): void {
    const place = this.#rows.place(run.id);
    if (place === undefined) return;
    const left = place.line !== null && !run.inLine ? place.line : undefined;
    if (left !== undefined) place.line = null;
    const wanted = place.gates.filter((gate) => this.#wants(place, gate, run));
    const before = place.held;
    const taken = wanted.filter((gate) => !before.includes(gate));
    const freed = before.filter((gate) => !wanted.includes(gate));
    place.held = wanted;
    place.single = run.final ? null : singleOf(place.gates);
    this.#rows.putPlace(place);
    for (const gate of taken) this.#take(gate, now);
    if (left !== undefined) this.#leave(left, now);
    for (const gate of freed) this.#free(gate, now);
  }

  #wants(place: PlaceRow, gate: string, run: Standing): boolean {
    const { kind } = partsOf(gate);
    if (kind === "queue") return false;
    if (kind === "throttle") return run.begun;
    return !run.final && (run.active || this.#keeps(place, gate));
  }

  #take(gate: string, now: number): void {
    const { kind, rule: id } = partsOf(gate);
    const row = this.#rows.gate(gate) ?? { gate, used: 0, arrival: 0, opensAt: null };
    if (kind === "throttle") {
      const rule = this.#rows.rule(id);
      if (rule !== undefined) row.arrival = Math.max(row.arrival, now) + stepOf(rule);
    } else row.used++;
    this.#rows.putGate(row);
  }

  #free(gate: string, now: number): void {
    const row = this.#rows.gate(gate);
    if (row === undefined || partsOf(gate).kind === "throttle") return;
    row.used = Math.max(0, row.used - 1);
    if (row.used === 0) this.#rows.deleteGate(gate);
    else this.#rows.putGate(row);
    this.#wake(gate, now);
  }

  /** Takes account of one run less in a line, whose first one may have become another. */
  #leave(id: string, now: number): void {
    const rows = this.#rows;
    const line = rows.line(id);
    if (line === undefined) throw new Error(`the line ${id} is not there`);
    line.waiting--;
    const first = rows.firstIn(id);
    if (first !== undefined) {
      line.head = first.rank;
      rows.putLine(line);
      return;
    }
    rows.deleteLine(id);
    const share = rows.share(line.share);
    if (share !== undefined) {
      share.lines--;
      if (line.blocked === null) share.open--;
      if (share.lines > 0) rows.putShare(share);
      else rows.deleteShare(line.share);
    }
    if (line.blocked !== null) return;
    this.#countOpen(-1);
    // It had been let through for others that wait at the same gates.
    for (const gate of gatesOfLine(id)) this.#wake(gate, now);
  }

  /** Lets the first line that a gate has blocked try again where the gate is open. */
  #wake(gate: string, now: number): void {
    const line = this.#rows.firstBlocked(gate);
    if (line === undefined) return;
    if (this.#isOpen(gate, now)) this.#unblock(line);
    else this.#awaitOpening(gate, now);
  }

  #unblock(line: LineRow): void {
    line.blocked = null;
    this.#rows.putLine(line);
    const share = this.#shareOf(line);
    share.open++;
    this.#rows.putShare(share);
    this.#countOpen(1);
  }

  #shareOf(line: LineRow): NonNullable<ReturnType<FlowRows["share"]>> {
    const share = this.#rows.share(line.share);
    if (share === undefined) throw new Error(`the share of the line ${line.line} is not there`);
    return share;
  }

  #block(line: LineRow, gate: string, now: number): void {
    const share = this.#shareOf(line);
    share.open--;
    this.#rows.putShare(share);
    line.blocked = gate;
    line.turn = share.turn;
    this.#rows.putLine(line);
    this.#countOpen(-1);
    this.#awaitOpening(gate, now);
    // A place at another gate was not taken: it is for the next one.
    for (const other of gatesOfLine(line.line)) if (other !== gate) this.#wake(other, now);
  }

  /** A throttle opens by itself: notes when, since somebody waits. */
  #awaitOpening(gate: string, now: number): void {
    const { kind, rule: id } = partsOf(gate);
    const rule = kind === "throttle" ? this.#rows.rule(id) : undefined;
    const row = rule === undefined ? undefined : this.#rows.gate(gate);
    if (rule === undefined || row === undefined) return;
    const due = Math.max(Math.ceil(opensAt(row, rule)), now + 1);
    if (row.opensAt !== due) this.#rows.putGate({ ...row, opensAt: due });
    this.#due = Math.min(this.#due ?? due, due);
  }

  /** To be called before runs are taken: whoever has not been served for long gets no more turns for that than one. */
  beginTurns(): void {
    this.#everyonesTurn = Math.max(this.#everyonesTurn, this.#rows.firstShare()?.turn ?? this.#now());
  }

  /** What is to be claimed next. `plain` is the rank of the first run that passes no gates. A run from a line leaves it by `settle`. */
  next(plain: number | undefined, now: number): Next {
    for (;;) {
      const share = this.#rows.firstShare();
      if (share === undefined || this.#everyonesTurn <= share.turn) {
        const next = this.#nextOfEveryone(plain, now);
        if (next !== undefined) {
          this.#turn = this.#everyonesTurn++;
          return next;
        }
        if (share === undefined) return undefined;
      }
      const run = this.#firstOf(share.share, now);
      // Else all lines of the share have turned out to be blocked.
      if (run === undefined) continue;
      const served = this.#rows.share(share.share) ?? share;
      this.#turn = served.turn++;
      this.#rows.putShare(served);
      return { run: run.run };
    }
  }

  #nextOfEveryone(plain: number | undefined, now: number): Next {
    const first = this.#firstOf(everyone, now);
    if (first === undefined) return plain === undefined ? undefined : "plain";
    return plain !== undefined && plain <= first.rank ? "plain" : { run: first.run };
  }

  #firstOf(share: string, now: number): PlaceRow | undefined {
    for (;;) {
      const line = this.#rows.firstOpen(share);
      if (line === undefined) return undefined;
      const closed = this.#firstClosed(gatesOfLine(line.line), now);
      if (closed !== undefined) {
        this.#block(line, closed, now);
        continue;
      }
      const first = this.#rows.firstIn(line.line);
      if (first === undefined) throw new Error(`the line ${line.line} is empty`);
      return first;
    }
  }

  /** Opens lines at throttles whose time has come; how many gates that were. */
  fire(now: number, limit: number): number {
    const gates = this.#rows.opened(now, limit);
    for (const row of gates) {
      this.#rows.putGate({ ...row, opensAt: null });
      this.#wake(row.gate, now);
    }
    return gates.length;
  }

  nextOpening(): number | undefined {
    return this.#rows.nextOpening();
  }

  /** Lines that a rule has blocked try again: it may have changed. */
  ruleChanged(rule: string): void {
    const { from, to } = gatesOfRule(rule);
    for (const line of this.#rows.blockedBetween(from, to)) this.#unblock(line);
  }

  queueResumed(name: string): void {
    const gate = queueGate(name);
    for (const line of this.#rows.blockedBetween(gate, `${gate}\t`)) this.#unblock(line);
  }
}

function singleOf(gates: readonly string[]): string | null {
  return gates.find((gate) => partsOf(gate).kind === "singleton") ?? null;
}

/** Time between two beginnings that are spread evenly. */
function stepOf(rule: FlowRule): number {
  return (rule.perMs ?? 0) / rule.max;
}

/** The generic cell rate algorithm (ITU-T I.371): so far ahead of an even spread may beginnings be. */
function opensAt(row: GateRow, rule: FlowRule): number {
  return row.arrival - ((rule.burst ?? 1) - 1) * stepOf(rule);
}
