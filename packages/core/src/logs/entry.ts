// What a log entry is, everywhere in this room: who sent it, when, what it says, and what it carries besides.

/** Names and values that a stream is known by; the same pairs are the same stream, in whatever order they came. */
export type Labels = Readonly<Record<string, string>>;

/** A value beside the line. Objects are flattened on the way in (`a.b`), lists become their JSON. */
export type FieldValue = string | number | boolean;

/** One entry as somebody sent it. */
export interface LogEntry {
  readonly labels: Labels;
  /** Milliseconds since 1970. */
  readonly timeMs: number;
  /** Nanoseconds within the millisecond, 0 to 999,999. */
  readonly subNs: number;
  readonly line: string;
  readonly fields: Readonly<Record<string, FieldValue>>;
}

/** One entry as it is kept. */
export interface StoredEntry extends LogEntry {
  /** Place in the order of commits; that of a tenant's entries only grows. Also the cursor of tails. */
  readonly seq: number;
  /** Index in `logLevels`. */
  readonly level: number;
}

/** Entries that are committed together. */
export interface LogBatch {
  readonly tenant: string;
  /** As `encodeFrame` makes it. */
  readonly frame: Uint8Array;
  readonly entries: number;
  /** UTC days of its entries. */
  readonly days: readonly string[];
  /** Bytes of lines and fields as they came. */
  readonly rawBytes: number;
  /** What a retry is known by: the same key with other content is refused. */
  readonly key?: { readonly name: string; readonly hash: string } | undefined;
  /** How far whoever made it has read elsewhere: kept in the same commit, so that nothing is read twice or left out. */
  readonly places?: readonly Place[] | undefined;
}

/** How far something outside has been read. */
export interface Place {
  readonly name: string;
  readonly value: string;
  /** There is more to come of it. */
  readonly open: boolean;
}

/** What became of a batch. `conflict`: its key is that of other content; nothing was written. */
export type Appended =
  | { readonly outcome: "stored" | "duplicate"; readonly firstSeq: number; readonly entries: number }
  | { readonly outcome: "conflict" };
