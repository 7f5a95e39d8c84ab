// A row on its way through pipes: an entry whose columns are looked at where they stand, or what a pipe has made.
import type { FieldValue } from "../entry.ts";
import { logLevels } from "../level.ts";
import type { Rows } from "../storage/rows.ts";
import type { Row } from "./ast.ts";

/** A moment with nanoseconds, as ISO 8601; zeros at the end are left out in threes. */
export function isoTime(timeMs: number, subNs: number): string {
  const text = new Date(timeMs).toISOString();
  if (subNs === 0) return text;
  const digits = String(subNs).padStart(6, "0").replace(/000$/, "");
  return `${text.slice(0, -1)}${digits}Z`;
}

/** An entry in its columns. */
export class EntryRow implements Row {
  readonly #rows: Rows;
  readonly #at: number;

  constructor(rows: Rows, at: number) {
    this.#rows = rows;
    this.#at = at;
  }

  get(name: string): FieldValue | undefined {
    const [rows, at] = [this.#rows, this.#at];
    switch (name) {
      case "_line":
        return rows.line().at(at);
      case "_time":
        return isoTime(rows.timeMs()[at] ?? 0, rows.subNs()[at] ?? 0);
      case "_seq":
        return rows.seq()[at];
      case "level":
      case "_level":
        return logLevels[rows.level()[at] ?? 0];
      default: {
        const value = rows.field(name)?.at(at);
        if (value !== undefined) return value;
        const labels = rows.streams[rows.stream()[at] ?? 0];
        return labels !== undefined && Object.hasOwn(labels, name) ? labels[name] : undefined;
      }
    }
  }

  names(): readonly string[] {
    const labels = Object.keys(this.#rows.streams[this.#rows.stream()[this.#at] ?? 0] ?? {});
    const fields = this.#rows.fieldNames.filter((name) => this.#rows.field(name)?.at(this.#at) !== undefined);
    return [...new Set(["_time", "level", "_line", ...labels, ...fields])];
  }

  texts(): readonly FieldValue[] {
    const values = this.#rows.fieldNames.map((name) => this.#rows.field(name)?.at(this.#at));
    return [this.#rows.line().at(this.#at), ...values.filter((value) => value !== undefined)];
  }
}

/** A row that is not there as an entry. */
export class MadeRow implements Row {
  readonly values: ReadonlyMap<string, FieldValue>;

  constructor(values: ReadonlyMap<string, FieldValue>) {
    this.values = values;
  }

  get(name: string): FieldValue | undefined {
    return this.values.get(name);
  }

  names(): readonly string[] {
    return [...this.values.keys()];
  }

  texts(): readonly FieldValue[] {
    return [...this.values.values()];
  }
}

/** A row with more values, which stand before its own. */
export class WiderRow implements Row {
  readonly #row: Row;
  readonly #more: Readonly<Record<string, FieldValue>>;

  constructor(row: Row, more: Readonly<Record<string, FieldValue>>) {
    this.#row = row;
    this.#more = more;
  }

  get(name: string): FieldValue | undefined {
    return Object.hasOwn(this.#more, name) ? this.#more[name] : this.#row.get(name);
  }

  names(): readonly string[] {
    return [...new Set([...this.#row.names(), ...Object.keys(this.#more)])];
  }

  texts(): readonly FieldValue[] {
    return [...this.#row.texts(), ...Object.values(this.#more)];
  }
}
