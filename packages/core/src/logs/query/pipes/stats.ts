// Counting: groups of rows, and figures over each of them.
import type { FieldValue } from "../../entry.ts";
import type { Grouping, Row, Stat } from "../ast.ts";
import { isoTime, MadeRow } from "../row.ts";
import { compareValues } from "./order.ts";
import { groupsMax, valuesMax } from "./pipe.ts";
import type { Cut, Next, RunningPipe } from "./pipe.ts";

/** One figure of one group. */
interface Figure {
  add(row: Row): void;
  value(): FieldValue | undefined;
}

interface Group {
  readonly keys: readonly (FieldValue | undefined)[];
  readonly figures: readonly Figure[];
}

/** The beginning of the bucket that a moment falls into. */
export function bucketOf(timeMs: number, bucketMs: number): number {
  return Math.floor(timeMs / bucketMs) * bucketMs;
}

function keyOf(row: Row, { name, bucketMs }: Grouping): FieldValue | undefined {
  const value = row.get(name);
  if (bucketMs === undefined || typeof value !== "string") return value;
  const timeMs = Date.parse(value);
  return Number.isNaN(timeMs) ? undefined : isoTime(bucketOf(timeMs, bucketMs), 0);
}

export interface StatsPipe extends RunningPipe {
  /** Adds rows that nobody has looked at, as far as their group goes: for figures that are counts. */
  readonly count: (keys: readonly (FieldValue | undefined)[], rows: number) => void;
}

export function statsPipe(
  { stats, by }: { readonly stats: readonly Stat[]; readonly by: readonly Grouping[] },
  p: { readonly next: Next; readonly cut: Cut },
): StatsPipe {
  const groups = new Map<string, Group>();
  const budget = { left: valuesMax };
  const groupOf = (keys: readonly (FieldValue | undefined)[]): Group | undefined => {
    const text = JSON.stringify(keys.map((key) => key ?? null));
    const known = groups.get(text);
    if (known !== undefined) return known;
    if (groups.size >= groupsMax) {
      p.cut("groups");
      return undefined;
    }
    const made: Group = { keys, figures: stats.map((stat) => figureOf(stat, budget, p.cut)) };
    groups.set(text, made);
    return made;
  };
  return {
    push: (row) => {
      const group = groupOf(by.map((each) => keyOf(row, each)));
      for (const figure of group?.figures ?? []) figure.add(row);
      return true;
    },
    count: (keys, rows) => {
      for (const figure of groupOf(keys)?.figures ?? []) if (figure instanceof Count) figure.more(rows);
    },
    end: () => {
      // Without groups nothing is counted as nothing.
      if (by.length === 0) groupOf([]);
      const found = [...groups.values()].toSorted((a, b) => {
        for (const [i, key] of a.keys.entries()) {
          const order = compareValues(key, b.keys[i]);
          if (order !== 0) return order;
        }
        return 0;
      });
      for (const { keys, figures } of found) {
        const values = new Map<string, FieldValue>();
        for (const [i, { name }] of by.entries()) if (keys[i] !== undefined) values.set(name, keys[i]);
        for (const [i, { as }] of stats.entries()) {
          const value = figures[i]?.value();
          if (value !== undefined) values.set(as, value);
        }
        if (!p.next(new MadeRow(values))) return;
      }
    },
  };
}

function figureOf(stat: Stat, budget: { left: number }, cut: Cut): Figure {
  const { fn, field, quantile = 0 } = stat;
  switch (fn) {
    case "count":
      return new Count(field);
    case "sum":
      return new Total(field, (sum) => sum);
    case "avg":
      return new Total(field, (sum, count) => (count === 0 ? undefined : sum / count));
    case "min":
      return new Extreme(field, -1);
    case "max":
      return new Extreme(field, 1);
    case "uniq":
      return new Distinct(field, budget, cut);
    default:
      return new Quantile({ field, quantile, budget, cut });
  }
}

function numberIn(row: Row, field: string): number {
  const value = row.get(field);
  if (typeof value === "number") return value;
  return typeof value === "string" && value.trim() !== "" ? Number(value) : Number.NaN;
}

class Count implements Figure {
  readonly #field: string;
  #count = 0;

  constructor(field: string) {
    this.#field = field;
  }

  add(row: Row): void {
    if (this.#field === "" || row.get(this.#field) !== undefined) this.#count++;
  }

  more(rows: number): void {
    this.#count += rows;
  }

  value(): number {
    return this.#count;
  }
}

class Total implements Figure {
  readonly #field: string;
  readonly #result: (sum: number, count: number) => number | undefined;
  #sum = 0;
  #count = 0;

  constructor(field: string, result: (sum: number, count: number) => number | undefined) {
    this.#field = field;
    this.#result = result;
  }

  add(row: Row): void {
    const value = numberIn(row, this.#field);
    if (Number.isNaN(value)) return;
    this.#sum += value;
    this.#count++;
  }

  value(): number | undefined {
    return this.#result(this.#sum, this.#count);
  }
}

class Extreme implements Figure {
  readonly #field: string;
  readonly #sign: number;
  #found: FieldValue | undefined;

  constructor(field: string, sign: number) {
    this.#field = field;
    this.#sign = sign;
  }

  add(row: Row): void {
    const value = row.get(this.#field);
    if (value === undefined) return;
    if (this.#found === undefined || compareValues(value, this.#found) * this.#sign > 0) this.#found = value;
  }

  value(): FieldValue | undefined {
    return this.#found;
  }
}

class Distinct implements Figure {
  readonly #field: string;
  readonly #budget: { left: number };
  readonly #cut: Cut;
  readonly #seen = new Set<FieldValue>();

  constructor(field: string, budget: { left: number }, cut: Cut) {
    this.#field = field;
    this.#budget = budget;
    this.#cut = cut;
  }

  add(row: Row): void {
    const value = row.get(this.#field);
    if (value === undefined || this.#seen.has(value)) return;
    if (this.#budget.left-- <= 0) this.#cut("values");
    else this.#seen.add(value);
  }

  value(): number {
    return this.#seen.size;
  }
}

/** Exact: the value at the nearest rank (Hyndman and Fan, "Sample quantiles in statistical packages", 1996, definition 1). */
class Quantile implements Figure {
  readonly #p: {
    readonly field: string;
    readonly quantile: number;
    readonly budget: { left: number };
    readonly cut: Cut;
  };
  readonly #values: number[] = [];

  constructor(p: {
    readonly field: string;
    readonly quantile: number;
    readonly budget: { left: number };
    readonly cut: Cut;
  }) {
    this.#p = p;
  }

  add(row: Row): void {
    const value = numberIn(row, this.#p.field);
    if (Number.isNaN(value)) return;
    if (this.#p.budget.left-- <= 0) this.#p.cut("values");
    else this.#values.push(value);
  }

  value(): number | undefined {
    const sorted = Float64Array.from(this.#values).toSorted();
    return sorted[Math.max(0, Math.ceil(this.#p.quantile * sorted.length) - 1)];
  }
}
