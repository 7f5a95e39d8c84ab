// Rows that flow control keeps, as both adapters have them. What is found by order is found by an index there: nothing here is
// allowed to look through all runs, or all keys.
import type { FlowRule } from "../../kernel/flow.ts";

/** A run that passes gates, until it is deleted. */
export interface PlaceRow {
  readonly run: string;
  readonly gates: readonly string[];
  readonly share: string;
  readonly rank: number;
  /** The line it waits in. */
  line: string | null;
  /** Gates it is counted at. */
  held: readonly string[];
  /** The gate of its singleton while it has not ended. */
  single: string | null;
}

/** Runs that wait for the same gates, in order of rank. It is there while somebody waits in it. */
export interface LineRow {
  /** Made of its share and gates by `lineId`. */
  readonly line: string;
  readonly share: string;
  waiting: number;
  /** Rank of the first that waits. */
  head: number;
  /** The gate that was found closed; null: its first run may be claimed, as far as is known. */
  blocked: string | null;
  /** Turn of its share when it was blocked. */
  turn: number;
}

/** Lines that take turns with others. It is there while it has a line. */
export interface ShareRow {
  readonly share: string;
  /** Grows with each run taken from it: the lowest is next. */
  turn: number;
  /** Lines of it that are not blocked, and all of them. */
  open: number;
  lines: number;
}

export interface GateRow {
  readonly gate: string;
  /** Runs counted at it. */
  used: number;
  /** Of a throttle: when the next would begin if all were spread evenly; milliseconds since 1970. */
  arrival: number;
  /** When it opens by itself, where a line waits for that. */
  opensAt: number | null;
}

/** Found by id unless it says otherwise. What is handed out may be changed, and counts once it was put. */
export interface FlowRows {
  place(run: string): PlaceRow | undefined;
  putPlace(row: PlaceRow): void;
  deletePlace(run: string): void;
  /** The one with the lowest rank that waits in the line. */
  firstIn(line: string): PlaceRow | undefined;
  /** The unfinished runs of a singleton: one, and those that wait for it to end. */
  singles(gate: string): readonly PlaceRow[];

  line(line: string): LineRow | undefined;
  putLine(row: LineRow): void;
  deleteLine(line: string): void;
  /** Of the lines of a share that are not blocked, the one with the lowest head. */
  firstOpen(share: string): LineRow | undefined;
  /** Of the lines blocked by a gate, the one with the lowest turn and head. */
  firstBlocked(gate: string): LineRow | undefined;
  /** Lines blocked by gates that sort from here to before there. */
  blockedBetween(from: string, to: string): readonly LineRow[];
  /** How many lines are not blocked. */
  openLines(): number;

  share(share: string): ShareRow | undefined;
  putShare(row: ShareRow): void;
  deleteShare(share: string): void;
  /** Of the shares with a name and a line that is not blocked, the one with the lowest turn. */
  firstShare(): ShareRow | undefined;

  gate(gate: string): GateRow | undefined;
  putGate(row: GateRow): void;
  deleteGate(gate: string): void;
  /** Gates that have opened by now, and when the next one will. */
  opened(now: number, limit: number): readonly GateRow[];
  nextOpening(): number | undefined;

  rule(id: string): FlowRule | undefined;
  isPaused(queue: string): boolean;
}

export function lineId(share: string, gates: readonly string[]): string {
  return JSON.stringify([share, ...gates]);
}

export function gatesOfLine(line: string): readonly string[] {
  return (JSON.parse(line) as readonly string[]).slice(1);
}
