// Which rows a filter fits, column by column; and whether it can fit any of a chunk that nobody has unpacked yet.
import type { FieldValue, Labels } from "../entry.ts";
import { levelNumber, logLevels } from "../level.ts";
import { mayContain } from "../storage/bloom.ts";
import type { ChunkRow } from "../storage/day.ts";
import type { Rows } from "../storage/rows.ts";
import type { TextColumn } from "../storage/texts.ts";
import type { Comparison, Filter, Row } from "./ast.ts";
import { compileExpression } from "./expression.ts";

/** A filter, ready to be used over and over. */
export interface Matcher {
  /** One byte a row: 1 where it fits. */
  readonly rows: (rows: Rows) => Uint8Array;
  /** The same for a row on its way through pipes. */
  readonly row: (row: Row) => boolean;
  /** False where no row of the chunk can fit. */
  readonly mayFit: (chunk: ChunkRow) => boolean;
}

type Test = (value: FieldValue | undefined) => boolean;

export function compileFilter(filter: Filter): Matcher {
  switch (filter.kind) {
    case "all":
      return { rows: ({ count }) => new Uint8Array(count).fill(1), row: () => true, mayFit: () => true };
    case "text":
      return textMatcher(filter.text);
    case "field":
      return fieldMatcher(filter.name, testOf(filter.name, filter.op, filter.value), {
        zone: zoneTestOf(filter.op, filter.value),
      });
    case "in": {
      const tests = filter.values.map((value) => testOf(filter.name, "=", value));
      return fieldMatcher(filter.name, (value) => tests.some((test) => test(value)), {});
    }
    case "not": {
      const inner = compileFilter(filter.of);
      return {
        rows: (rows) => inner.rows(rows).map((hit) => 1 - hit),
        row: (row) => !inner.row(row),
        mayFit: () => true,
      };
    }
    default:
      return joinedMatcher(filter.kind, filter.of.map(compileFilter));
  }
}

function joinedMatcher(kind: "and" | "or", parts: readonly Matcher[]): Matcher {
  const isAnd = kind === "and";
  return {
    rows: (rows) => {
      const [first, ...others] = parts;
      const hits = first?.rows(rows) ?? new Uint8Array(rows.count);
      for (const other of others) {
        if (isAnd && !hits.includes(1)) return hits;
        const more = other.rows(rows);
        for (let i = 0; i < hits.length; i++)
          hits[i] = isAnd ? (hits[i] ?? 0) & (more[i] ?? 0) : (hits[i] ?? 0) | (more[i] ?? 0);
      }
      return hits;
    },
    row: (row) => (isAnd ? parts.every((part) => part.row(row)) : parts.some((part) => part.row(row))),
    mayFit: (chunk) => (isAnd ? parts.every((part) => part.mayFit(chunk)) : parts.some((part) => part.mayFit(chunk))),
  };
}

/** Texts of numbers and booleans are made of these. */
const numeric = /^[-+.\deE]*$/;

function textMatcher(text: string): Matcher {
  const needle = Buffer.from(text);
  const fits = (value: FieldValue | undefined): boolean => value !== undefined && String(value).includes(text);
  return {
    rows: (rows) => {
      const hits = new Uint8Array(rows.count);
      markTexts(rows.line(), needle, hits);
      for (const name of rows.fieldNames) markField(rows, name, { text, needle, fits, hits });
      return hits;
    },
    row: (row) => row.texts().some(fits),
    mayFit: ({ tokens, longestToken }) =>
      mayContain({ bits: tokens ?? noTokens, longest: longestToken }, needle, tokens !== undefined),
  };
}

const noTokens = new Uint8Array(1);

function markField(
  rows: Rows,
  name: string,
  p: { readonly text: string; readonly needle: Buffer; readonly fits: Test; readonly hits: Uint8Array },
): void {
  const column = rows.field(name);
  if (column === undefined) return;
  if (column.texts !== undefined) return markTexts(column.texts, p.needle, p.hits);
  if (column.values !== undefined && !column.values.some(p.fits)) return undefined;
  if (column.values === undefined && column.kind === "whole" && !numeric.test(p.text)) return undefined;
  for (let row = 0; row < rows.count; row++) if (p.hits[row] === 0 && p.fits(column.at(row))) p.hits[row] = 1;
  return undefined;
}

function markTexts(texts: TextColumn, needle: Buffer, hits: Uint8Array): void {
  if (needle.length === 0) hits.fill(1);
  else texts.mark(needle, hits);
}

function fieldMatcher(
  name: string,
  test: Test,
  { zone }: { readonly zone?: ((p: { readonly min: number; readonly max: number }) => boolean) | undefined },
): Matcher {
  const row = (each: Row): boolean => test(each.get(name));
  if (name === "level" || name === "_level") {
    const fits = logLevels.map((level) => test(level));
    return {
      rows: (rows) => rows.level().map((level) => (fits[level] === true ? 1 : 0)),
      row: (each) => test(each.get(name)),
      mayFit: () => true,
    };
  }
  if (name === "_line") {
    return {
      rows: (rows) => Uint8Array.from({ length: rows.count }, (_, i) => (test(rows.line().at(i)) ? 1 : 0)),
      row,
      mayFit: () => true,
    };
  }
  return {
    rows: (rows) => fieldHits(rows, name, test),
    row,
    mayFit: (chunk) => {
      if (test(undefined) || chunk.streams.some((labels) => test(labelOf(labels, name)))) return true;
      const known = Object.hasOwn(chunk.fields, name) ? chunk.fields[name] : undefined;
      if (known === undefined) return !chunk.complete;
      if (known.values !== undefined) return known.values.some(test);
      const { min, max } = known;
      return zone === undefined || min === undefined || max === undefined || zone({ min, max });
    },
  };
}

function labelOf(labels: Labels, name: string): string | undefined {
  return Object.hasOwn(labels, name) ? labels[name] : undefined;
}

/** A field, and behind it the label of the same name. */
function fieldHits(rows: Rows, name: string, test: Test): Uint8Array {
  const hits = new Uint8Array(rows.count);
  const ofStream = rows.streams.map((labels) => (test(labelOf(labels, name)) ? 1 : 0));
  const column = rows.field(name);
  const stream = rows.stream();
  const known = column?.values === undefined ? undefined : new Map(column.values.map((value) => [value, test(value)]));
  for (let row = 0; row < rows.count; row++) {
    const value = column?.at(row);
    if (value === undefined) hits[row] = ofStream[stream[row] ?? 0] ?? 0;
    else hits[row] = (known?.get(value) ?? test(value)) ? 1 : 0;
  }
  return hits;
}

function numberIn(value: FieldValue | undefined): number {
  if (typeof value === "number") return value;
  return typeof value === "string" && value.trim() !== "" ? Number(value) : Number.NaN;
}

function testOf(name: string, op: Comparison, text: string): Test {
  if (name === "level" || name === "_level") {
    const wanted = levelNumber(text);
    const order = orderOf(op);
    if (order !== undefined) return (value) => order(levelNumber(value), wanted);
    // Warning, WARN and wrn are one level.
    const level = wanted === 0 ? text : (logLevels[wanted] ?? text);
    return valueTest(op === "has" ? "=" : op, level);
  }
  return valueTest(op, text);
}

function orderOf(op: Comparison): ((a: number, b: number) => boolean) | undefined {
  if (op === "<") return (a, b) => a < b;
  if (op === "<=") return (a, b) => a <= b;
  if (op === ">") return (a, b) => a > b;
  return op === ">=" ? (a, b) => a >= b : undefined;
}

function valueTest(op: Comparison, text: string): Test {
  const number = numberIn(text);
  const equal: Test = (value) => String(value) === text || (typeof value === "number" && value === number);
  if (op === "exists") return (value) => value !== undefined;
  if (op === "has") return (value) => value !== undefined && String(value).includes(text);
  if (op === "=") return (value) => value !== undefined && equal(value);
  if (op === "!=") return (value) => value === undefined || !equal(value);
  if (op === "~" || op === "!~") {
    const { test, literal } = compileExpression(text);
    const fits = (value: FieldValue): boolean => String(value).includes(literal) && test(String(value));
    return op === "~" ? (value) => value !== undefined && fits(value) : (value) => value === undefined || !fits(value);
  }
  const order = orderOf(op);
  return (value) => {
    const own = numberIn(value);
    return order !== undefined && !Number.isNaN(own) && order(own, number);
  };
}

/** Whether a number between two may pass; undefined where bounds say nothing. */
function zoneTestOf(
  op: Comparison,
  text: string,
): ((p: { readonly min: number; readonly max: number }) => boolean) | undefined {
  const number = numberIn(text);
  if (op === "=") return ({ min, max }) => (Number.isNaN(number) ? false : number >= min && number <= max);
  if (op === ">") return ({ max }) => max > number;
  if (op === ">=") return ({ max }) => max >= number;
  if (op === "<") return ({ min }) => min < number;
  return op === "<=" ? ({ min }) => min <= number : undefined;
}
