// The rows the adapter keeps in place of a database's: mutable, linked to each other, never handed out.
import type { JournalEntry, TaskPlan } from "@sluice/protocol";
import type {
  ApprovalComment,
  EventRecord,
  LogLine,
  RunRecord,
  StateEntry,
  TokenRecord,
} from "../../kernel/run-store.ts";
import type { StreamChunk } from "../../kernel/run-stream.ts";
import type { HeapItem } from "./heap.ts";
import type { WaitKind } from "../wait-kind.ts";

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

export interface RunRow extends HeapItem {
  readonly record: Mutable<RunRecord>;
  /** May be claimed, as far as the run itself is concerned. */
  ready: boolean;
  /** Ready, and in a line before gates. */
  inLine: boolean;
  /** Set where it takes part in flow control: those whose standing there may have changed. */
  flow?: Set<RunRow> | undefined;
  /** The gate it waits for in a line. */
  blockedBy?: (() => string | undefined) | undefined;
  /** A pause is wanted while the run is in memory. */
  pause: boolean;
  /** Entries with an undo. */
  undos: number;
  readonly entries: Map<number, EntryRow>;
  /** Settled entries in the order in which they settled. */
  settled: EntryRow[];
  /** Running and aborted entries. */
  readonly open: Map<number, EntryRow>;
  readonly waits: Set<WaitRow>;
  readonly tokens: Set<TokenRow>;
  readonly locks: Set<LockRow>;
  /** The last event that was stored when the run was created. */
  lastEvent: number;
  /** Numbers of stored events this run has received. */
  readonly consumed: Set<number>;
  /** Runs this one called or started. */
  readonly children: Set<RunRow>;
  readonly logs: LogLine[];
  /** Streamed output, once there is some. */
  stream?: StreamRow | undefined;
  /** Beside its approvals, by group. */
  readonly comments: Map<string, ApprovalComment[]>;
  /** Lines that have a key, by that. */
  readonly logged: Map<string, readonly LogLine[]>;
}

export interface StreamRow {
  /** Pieces that came together. */
  readonly batches: { readonly chunks: readonly StreamChunk[]; readonly bytes: number }[];
  next: number;
  /** Where the last piece of the workflow itself stood. */
  last: readonly [number, number, number] | undefined;
}

export interface EntryRow {
  readonly run: RunRow;
  readonly entry: Mutable<JournalEntry>;
  wait?: WaitRow | undefined;
  /** Stored event this entry was settled with. */
  eventId?: number | undefined;
  /** Failed attempts before the one it shows, the last few. */
  attempts?: readonly AttemptRow[] | undefined;
  /** Approval token that belongs to this entry. */
  token?: TokenRow | undefined;
  /** Approval token that another entry made, and this one waits for. */
  linked?: TokenRow | undefined;
}

export interface AttemptRow {
  readonly attempt: number;
  readonly at: number;
  readonly end: number;
  /** When the next one was due. */
  readonly due: number;
  readonly error: Uint8Array;
}

export interface WaitRow extends HeapItem {
  readonly run: RunRow;
  readonly seq: number;
  readonly kind: WaitKind;
  /** Order in which waits were made and locks were granted. */
  readonly place: number;
  readonly due?: number | undefined;
  /** Event name, child run, token or lock that is waited for. */
  readonly ref?: string | undefined;
  readonly key?: string | undefined;
  readonly match?: Uint8Array | undefined;
  /** Absent for the timers of the run itself. */
  readonly entry?: EntryRow | undefined;
  readonly ttlMs?: number | undefined;
  /** What is to be done, and how often it was given out. */
  readonly task?: { readonly input: Uint8Array; readonly plan: TaskPlan; epoch: number } | undefined;
}

export interface TokenRow {
  readonly record: Mutable<TokenRecord>;
  readonly run: RunRow;
  value?: Uint8Array | undefined;
  error?: Uint8Array | undefined;
  /** Who decided with it, where that is known. */
  person?: string | undefined;
}

export interface LockRow extends HeapItem {
  readonly name: string;
  /** Grows with every holder and is kept after release. */
  fence: number;
  holder?: RunRow | undefined;
  /** Order in which locks were granted and waits were made. */
  place: number;
  expiresAt?: number | undefined;
  readonly waiters: Set<WaitRow>;
}

export type EventRow = EventRecord;
export type StateRow = Mutable<StateEntry>;

/** What an entry settles with; both absent means completed without a value. */
export interface Settlement {
  readonly value?: Uint8Array | undefined;
  readonly error?: Uint8Array | undefined;
  /** When it ended, where that is not now. */
  readonly end?: number | undefined;
}
