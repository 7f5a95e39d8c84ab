// Pipes of the language, one after a bar: what comes out of a filter is cut, counted, taken apart.
import { parseDuration } from "@sluice/protocol";
import type { Filter, Grouping, Pipe, Stat } from "./ast.ts";
import { compileExpression } from "./expression.ts";
import { QueryError } from "./scanner.ts";
import type { Scanner } from "./scanner.ts";

const limitMax = 1_000_000;
const namesMax = 64;
const lineName = "_line";

type Parse = (scanner: Scanner, filter: () => Filter) => readonly Pipe[];

const pipes: Readonly<Record<string, Parse>> = {
  filter: (_scanner, filter) => [{ kind: "filter", filter: filter() }],
  where: (_scanner, filter) => [{ kind: "filter", filter: filter() }],
  fields: (scanner) => [{ kind: "fields", names: namesIn(scanner) }],
  sort: (scanner) => [sortIn(scanner)],
  limit: (scanner) => [{ kind: "limit", count: countIn(scanner) }],
  head: (scanner) => [{ kind: "limit", count: countIn(scanner) }],
  stats: (scanner) => [statsIn(scanner)],
  top: topIn,
  uniq: (scanner) => {
    const names = scanner.takeWord("by") ? groupsIn(scanner).map(({ name }) => name) : namesIn(scanner);
    return [{ kind: "uniq", names }];
  },
  patterns: (scanner) => [patternsIn(scanner)],
  extract: (scanner) => [extractIn(scanner)],
  json: (scanner) => [{ kind: "json", from: fromIn(scanner) }],
  unpack_json: (scanner) => [{ kind: "json", from: fromIn(scanner) }],
  logfmt: (scanner) => [{ kind: "logfmt", from: fromIn(scanner) }],
  unpack_logfmt: (scanner) => [{ kind: "logfmt", from: fromIn(scanner) }],
};

/** Reads what stands behind a bar; `filter` reads a filter there. Throws a `QueryError`. */
export function parsePipe(scanner: Scanner, filter: () => Filter): readonly Pipe[] {
  scanner.skipSpace();
  const { at } = scanner;
  const name = scanner.name("a pipe");
  const parse = Object.hasOwn(pipes, name) ? pipes[name] : undefined;
  if (parse !== undefined) return parse(scanner, filter);
  throw new QueryError(`There is no pipe ${JSON.stringify(name)}: known are ${Object.keys(pipes).join(", ")}.`, at);
}

function namesIn(scanner: Scanner): string[] {
  const names = [scanner.name("a field")];
  while (scanner.take(",")) names.push(scanner.name("a field"));
  if (names.length > namesMax) scanner.fail(`At most ${namesMax} fields stand here`);
  return names;
}

function countIn(scanner: Scanner): number {
  scanner.skipSpace();
  const { at } = scanner;
  const text = scanner.bare();
  if (!/^\d{1,7}$/.test(text) || Number(text) > limitMax) {
    throw new QueryError(`Here should be a number from 0 to ${limitMax}.`, at);
  }
  return Number(text);
}

function sortIn(scanner: Scanner): Pipe {
  const bracket = scanner.takeWord("by") && scanner.take("(");
  const by: { name: string; descending: boolean }[] = [];
  do {
    const name = scanner.name("a field");
    const descending = scanner.takeWord("desc");
    if (!descending) scanner.takeWord("asc");
    by.push({ name, descending });
  } while (scanner.take(","));
  if (bracket) scanner.expect(")");
  return { kind: "sort", by };
}

/** `(route, _time:5m)` */
function groupsIn(scanner: Scanner): Grouping[] {
  scanner.expect("(");
  const groups: Grouping[] = [];
  do {
    const name = scanner.name("a field");
    if (!scanner.take(":")) groups.push({ name });
    else {
      const { at } = scanner;
      if (name !== "_time") throw new QueryError("Only _time is cut into buckets.", at);
      groups.push({ name, bucketMs: durationIn(scanner) });
    }
  } while (scanner.take(","));
  scanner.expect(")");
  if (groups.length > namesMax) scanner.fail(`At most ${namesMax} fields stand here`);
  return groups;
}

function durationIn(scanner: Scanner): number {
  const { at } = scanner;
  const text = scanner.bare();
  let ms = 0;
  try {
    ms = parseDuration(text);
  } catch {
    throw new QueryError("Here should be a duration such as 5m.", at);
  }
  if (ms >= 1) return Math.floor(ms);
  throw new QueryError("A bucket is at least a millisecond long.", at);
}

function statsIn(scanner: Scanner): Pipe {
  let by = scanner.takeWord("by") ? groupsIn(scanner) : [];
  const stats: Stat[] = [];
  do stats.push(statIn(scanner));
  while (scanner.take(","));
  if (by.length === 0 && scanner.takeWord("by")) by = groupsIn(scanner);
  return { kind: "stats", stats, by };
}

function statIn(scanner: Scanner): Stat {
  scanner.skipSpace();
  const { at } = scanner;
  const name = scanner.name("a function such as count()");
  scanner.expect("(");
  const first = scanner.take(")") ? "" : scanner.name("a field");
  let stat = knownStat(name, first);
  if (name === "quantile") {
    scanner.expect(",");
    const quantile = Number(first);
    const field = scanner.name("a field");
    if (!(quantile >= 0 && quantile <= 1)) throw new QueryError("A quantile is from 0 to 1.", at);
    stat = { fn: "quantile", quantile, field };
  }
  if (first !== "") scanner.expect(")");
  if (stat === undefined || (stat.field === "" && stat.fn !== "count")) {
    throw new QueryError(
      "Known are count(), sum, avg, min, max, uniq, p50, p90, p95, p99 of a field, and quantile(0.9, field).",
      at,
    );
  }
  const as = scanner.takeWord("as") ? scanner.name("a name") : `${name}(${stat.field})`;
  return { ...stat, as };
}

function knownStat(name: string, field: string): Omit<Stat, "as"> | undefined {
  if (name === "count" || name === "sum" || name === "avg" || name === "min" || name === "max" || name === "uniq") {
    return { fn: name, field };
  }
  const percent = /^p(\d{1,2}(?:\.\d+)?)$/.exec(name)?.[1];
  return percent === undefined ? undefined : { fn: "quantile", quantile: Number(percent) / 100, field };
}

/** `top 5 by (route)`: the groups with most entries. */
function topIn(scanner: Scanner): readonly Pipe[] {
  const count = /\d/.test(scanner.peek()) ? countIn(scanner) : 10;
  const by = scanner.takeWord("by") ? groupsIn(scanner) : namesIn(scanner).map((name) => ({ name }));
  const as = "count()";
  return [
    { kind: "stats", stats: [{ fn: "count", field: "", as }], by },
    { kind: "sort", by: [{ name: as, descending: true }, ...by.map(({ name }) => ({ name, descending: false }))] },
    { kind: "limit", count },
  ];
}

/** `patterns new 1h from message` */
function patternsIn(scanner: Scanner): Pipe {
  const isAsked = scanner.takeWord("new");
  if (isAsked) scanner.skipSpace();
  const newMs = isAsked ? durationIn(scanner) : undefined;
  return { kind: "patterns", newMs, from: fromIn(scanner) };
}

function extractIn(scanner: Scanner): Pipe {
  scanner.skipSpace();
  const { at } = scanner;
  const pattern = scanner.value();
  try {
    compileExpression(pattern);
  } catch (error) {
    throw new QueryError(
      `This is no regular expression (RE2): ${error instanceof Error ? error.message : String(error)}`,
      at,
    );
  }
  if (!/\(\?P?<\w+>/.test(pattern)) throw new QueryError("The expression names no group, as in (?P<user>\\w+).", at);
  return { kind: "extract", pattern, from: fromIn(scanner) };
}

function fromIn(scanner: Scanner): string {
  return scanner.takeWord("from") ? scanner.name("a field") : lineName;
}
