// Patterns of names (kernel/patterns.ts) in SQL: said so that an index on the column serves wherever a pattern has a beginning.

export interface Condition {
  readonly sql: string;
  readonly values: readonly string[];
}

/** Highest text there is, for the end of a range of texts with one beginning. */
const lastCharacter = "\u{10FFFF}";

/** What every text that fits a pattern begins with: the part before its first `*`. */
export function beginningOf(pattern: string): string {
  return pattern.split("*")[0] ?? "";
}

/** End of the range of texts with a beginning, which is not in it. */
export function endOf(beginning: string): string {
  return beginning + lastCharacter;
}

/**
 * A condition that holds where the column's text fits one of the patterns. The beginning of a pattern is a range; `GLOB`
 * decides only about what follows a `*` in the middle.
 */
export function fitsPatterns(column: string, patterns: readonly string[]): Condition {
  if (patterns.some((pattern) => /^\*+$/.test(pattern))) return { sql: "TRUE", values: [] };
  const each = patterns.map((pattern) => fitsPattern(column, pattern));
  if (each.length === 0) return { sql: "FALSE", values: [] };
  return { sql: `(${each.map(({ sql }) => sql).join(" OR ")})`, values: each.flatMap(({ values }) => values) };
}

function fitsPattern(column: string, pattern: string): Condition {
  const beginning = beginningOf(pattern);
  if (beginning === pattern) return { sql: `${column} = ?`, values: [pattern] };
  const range = { sql: `${column} >= ? AND ${column} < ?`, values: [beginning, endOf(beginning)] };
  if (/^\*+$/.test(pattern.slice(beginning.length))) return beginning === "" ? { sql: "TRUE", values: [] } : range;
  // GLOB ends a text at its first NUL: what has one is not shown by such a pattern.
  const rest = { sql: `${column} GLOB ? AND instr(${column}, char(0)) = 0`, values: [globOf(pattern)] };
  if (beginning === "") return rest;
  return { sql: `${range.sql} AND ${rest.sql}`, values: [...range.values, ...rest.values] };
}

/** The pattern as GLOB takes it: only `*` is special. */
function globOf(pattern: string): string {
  return pattern.replace(/[?[]/g, "[$&]");
}
