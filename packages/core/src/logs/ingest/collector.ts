// What every format hands its entries to: they are checked here once, and leave as one batch.
import type { FieldValue, Labels, LogBatch } from "../entry.ts";
import { levelOf } from "../level.ts";
import type { LogLimits } from "../limits.ts";
import { FrameWriter } from "../storage/frame.ts";
import { timeMsMax } from "../storage/head.ts";

/** Why an entry was not taken. */
export type RejectCode =
  | "no_time"
  | "time_out_of_range"
  | "line_too_long"
  | "too_many_fields"
  | "field_too_long"
  | "not_an_entry";

export interface Rejected {
  /** Place in the request, from 0. */
  readonly index: number;
  readonly code: RejectCode;
}

/** An entry as a format found it. */
export interface FoundEntry {
  readonly timeMs: number;
  readonly subNs: number;
  readonly line: string;
  readonly fields: Readonly<Record<string, FieldValue>>;
}

type EntryLimits = Pick<
  LogLimits,
  "logEntriesMax" | "logEntryLineBytesMax" | "logFieldsMax" | "logFieldBytesMax" | "logLabelsMax"
>;

/** Rejections that are told one by one; of more their number is. */
const rejectedToldMax = 100;

/** A request that cannot be taken at all. */
export class RefusedRequest extends Error {
  readonly code: "invalid_input" | "invalid_json" | "payload_too_large";

  constructor(code: RefusedRequest["code"], message: string) {
    super(message);
    this.code = code;
  }
}

export class Collector {
  readonly #limits: EntryLimits;
  readonly #frame = new FrameWriter();
  readonly rejected: Rejected[] = [];
  #rejections = 0;
  #index = 0;

  constructor(limits: EntryLimits) {
    this.#limits = limits;
  }

  /** How many were rejected; only the first of them are listed. */
  get rejections(): number {
    return this.#rejections;
  }

  get accepted(): number {
    return this.#frame.entries;
  }

  /** The number of a stream, for `add`. Throws for labels that cannot be taken. */
  stream(labels: Labels): number {
    const names = Object.keys(labels);
    const { logLabelsMax, logFieldBytesMax } = this.#limits;
    if (names.length > logLabelsMax) {
      throw new RefusedRequest(
        "invalid_input",
        `A stream has ${names.length} labels; at most ${logLabelsMax} (logLabelsMax).`,
      );
    }
    for (const name of names) {
      if (name.length + (labels[name] ?? "").length > logFieldBytesMax) {
        throw new RefusedRequest("invalid_input", `The label ${name.slice(0, 60)} is too long (logFieldBytesMax).`);
      }
    }
    return this.#frame.stream(labels);
  }

  /** Answers why it was not taken, where it was not. */
  add(stream: number, labels: Labels, entry: FoundEntry): RejectCode | undefined {
    const index = this.#next();
    const problem = this.#problemOf(entry);
    if (problem !== undefined) return this.#note(index, problem);
    this.#frame.addTo(stream, { ...entry, level: levelOf({ labels, ...entry }) });
    return undefined;
  }

  /** Something that stands where an entry should. */
  reject(code: RejectCode): RejectCode {
    return this.#note(this.#next(), code);
  }

  #next(): number {
    if (this.#index >= this.#limits.logEntriesMax) {
      throw new RefusedRequest("payload_too_large", `More than ${this.#limits.logEntriesMax} entries (logEntriesMax).`);
    }
    return this.#index++;
  }

  #note(index: number, code: RejectCode): RejectCode {
    this.#rejections++;
    if (this.rejected.length < rejectedToldMax) this.rejected.push({ index, code });
    return code;
  }

  #problemOf({ timeMs, line, fields }: FoundEntry): RejectCode | undefined {
    const { logEntryLineBytesMax, logFieldsMax, logFieldBytesMax } = this.#limits;
    if (!(timeMs >= 0 && timeMs <= timeMsMax)) return Number.isNaN(timeMs) ? "no_time" : "time_out_of_range";
    // A character is three bytes at most, and most lines are short: only long ones are measured.
    if (line.length * 3 > logEntryLineBytesMax && Buffer.byteLength(line) > logEntryLineBytesMax)
      return "line_too_long";
    const names = Object.keys(fields);
    if (names.length > logFieldsMax) return "too_many_fields";
    for (const name of names) {
      const value = fields[name];
      const length = name.length + (typeof value === "string" ? value.length : 0);
      if (length * 3 > logFieldBytesMax && length > logFieldBytesMax) return "field_too_long";
    }
    return undefined;
  }

  /** All that was taken. `key`: what a retry of the request is known by. */
  batch(tenant: string, key?: LogBatch["key"]): LogBatch {
    const { entries, rawBytes, days } = this.#frame;
    return { tenant, frame: this.#frame.taken(), entries, rawBytes, days, key };
  }
}
