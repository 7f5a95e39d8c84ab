// Pipes that look at one row at a time: conditions, a choice of fields, fields taken out of a text.
import type { FieldValue } from "../../entry.ts";
import { emptyFields, flattenInto } from "../../ingest/values.ts";
import type { Filter } from "../ast.ts";
import { compileExpression } from "../expression.ts";
import { compileFilter } from "../match.ts";
import { MadeRow, WiderRow } from "../row.ts";
import type { Next, RunningPipe } from "./pipe.ts";

const nothingLeft = (): void => undefined;

export function filterPipe(filter: Filter, next: Next): RunningPipe {
  const { row: fits } = compileFilter(filter);
  return { push: (row) => !fits(row) || next(row), end: nothingLeft };
}

export function fieldsPipe(names: readonly string[], next: Next): RunningPipe {
  return {
    push: (row) => {
      const values = new Map<string, FieldValue>();
      for (const name of names) {
        const value = row.get(name);
        if (value !== undefined) values.set(name, value);
      }
      return next(new MadeRow(values));
    },
    end: nothingLeft,
  };
}

/** Named groups of an expression become fields. */
export function extractPipe(
  { pattern, from }: { readonly pattern: string; readonly from: string },
  next: Next,
): RunningPipe {
  const { groups } = compileExpression(pattern);
  return unpacking(from, next, groups);
}

export function jsonPipe(from: string, next: Next): RunningPipe {
  return unpacking(from, next, (text) => {
    if (!text.trimStart().startsWith("{")) return undefined;
    try {
      const fields = emptyFields();
      flattenInto(fields, "", JSON.parse(text));
      return fields;
    } catch {
      // A line that is no JSON passes as it is.
      return undefined;
    }
  });
}

const pair = /([\w.@/-]+)=(?:"((?:[^"\\]|\\.)*)"|(\S*))/g;

/** `name=value name="a value"`, as logfmt has it. */
export function logfmtPipe(from: string, next: Next): RunningPipe {
  return unpacking(from, next, (text) => {
    const fields = emptyFields();
    for (const [, name = "", quoted, bare = ""] of text.matchAll(pair)) {
      fields[name] =
        quoted === undefined ? bare : quoted.replace(/\\(.)/g, (_, sign: string) => (sign === "n" ? "\n" : sign));
    }
    return fields;
  });
}

function unpacking(
  from: string,
  next: Next,
  unpack: (text: string) => Readonly<Record<string, FieldValue>> | undefined,
): RunningPipe {
  return {
    push: (row) => {
      const value = row.get(from);
      const found = value === undefined ? undefined : unpack(String(value));
      return next(found === undefined ? row : new WiderRow(row, found));
    },
    end: nothingLeft,
  };
}
