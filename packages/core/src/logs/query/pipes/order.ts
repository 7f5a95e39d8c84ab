// Pipes about order and number: the first so many, all in an order, each value once.
import type { FieldValue } from "../../entry.ts";
import type { Row } from "../ast.ts";
import { MadeRow } from "../row.ts";
import { groupsMax, heldRowsMax } from "./pipe.ts";
import type { Cut, Next, RunningPipe } from "./pipe.ts";

export function limitPipe(count: number, next: Next): RunningPipe {
  let left = count;
  return {
    push: (row) => {
      if (left <= 0) return false;
      left--;
      return next(row) && left > 0;
    },
    end: () => undefined,
  };
}

/** Numbers by their size, before texts by their characters; what is absent stands last. */
export function compareValues(a: FieldValue | undefined, b: FieldValue | undefined): number {
  if (a === undefined || b === undefined) return a === b ? 0 : a === undefined ? 1 : -1;
  const [first, second] = [numberOf(a), numberOf(b)];
  if (!Number.isNaN(first) && !Number.isNaN(second)) return first - second;
  if (Number.isNaN(first) !== Number.isNaN(second)) return Number.isNaN(first) ? 1 : -1;
  const [left, right] = [String(a), String(b)];
  return left < right ? -1 : left > right ? 1 : 0;
}

function numberOf(value: FieldValue): number {
  return typeof value === "number" ? value : typeof value === "string" && value !== "" ? Number(value) : Number.NaN;
}

export function sortPipe(
  by: readonly { readonly name: string; readonly descending: boolean }[],
  p: { readonly next: Next; readonly cut: Cut },
): RunningPipe {
  const held: { readonly row: Row; readonly keys: readonly (FieldValue | undefined)[] }[] = [];
  return {
    push: (row) => {
      if (held.length >= heldRowsMax) {
        p.cut("rows");
        return false;
      }
      held.push({ row, keys: by.map(({ name }) => row.get(name)) });
      return true;
    },
    end: () => {
      held.sort((a, b) => {
        for (const [i, { descending }] of by.entries()) {
          const order = compareValues(a.keys[i], b.keys[i]);
          // What is absent stands last in either direction.
          const absent = a.keys[i] === undefined || b.keys[i] === undefined;
          if (order !== 0) return descending && !absent ? -order : order;
        }
        return 0;
      });
      for (const { row } of held) if (!p.next(row)) return;
    },
  };
}

export function uniqPipe(names: readonly string[], p: { readonly next: Next; readonly cut: Cut }): RunningPipe {
  const seen = new Set<string>();
  return {
    push: (row) => {
      const values = names.map((name) => row.get(name));
      const key = JSON.stringify(values.map((value) => value ?? null));
      if (seen.has(key)) return true;
      if (seen.size >= groupsMax) {
        p.cut("groups");
        return false;
      }
      seen.add(key);
      const found = new Map<string, FieldValue>();
      for (const [i, name] of names.entries()) if (values[i] !== undefined) found.set(name, values[i]);
      return p.next(new MadeRow(found));
    },
    end: () => undefined,
  };
}
