// Answers in the shapes of Loki's read API.
import { Drain } from "@sluice/core/logs";
import type { LogQlAnswer } from "@sluice/core/logs";

type Lines = Extract<LogQlAnswer, { kind: "lines" }>["lines"];
/** Different patterns of one answer. */
const patternsMax = 1_000;
type Span = { readonly fromNs: bigint; readonly toNs: bigint };

/** As Prometheus writes values: never with an exponent. */
function shownValue(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "+Inf" : "-Inf";
  const text = String(value);
  if (!text.includes("e")) return Object.is(value, -0) ? "-0" : text;
  const [digits = "", exponent = "0"] = text.split("e");
  const negative = digits.startsWith("-");
  const [whole = "", fraction = ""] = digits.replace("-", "").split(".");
  const at = whole.length + Number(exponent);
  const all = whole + fraction;
  const plain =
    at <= 0
      ? `0.${"0".repeat(-at)}${all}`
      : all.length <= at
        ? all.padEnd(at, "0")
        : `${all.slice(0, at)}.${all.slice(at)}`;
  return `${negative ? "-" : ""}${plain}`;
}

/** Seconds to the millisecond. */
const secondsOf = (ms: number): number => Math.trunc(ms) / 1_000;
const msOf = (ns: bigint): number => Number(ns / 1_000_000n);

/** Lines in the order they have, together with others of the same labels. */
export function streamsOf(lines: Lines, categorize: boolean): object {
  const streams = new Map<string, { readonly stream: object; readonly values: unknown[] }>();
  for (const { labels, ns, line, structuredMetadata = {}, parsed = {} } of lines) {
    const key = JSON.stringify(Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1)));
    let found = streams.get(key);
    if (found === undefined) streams.set(key, (found = { stream: labels, values: [] }));
    const apart = {
      ...(Object.keys(structuredMetadata).length > 0 ? { structuredMetadata } : {}),
      ...(Object.keys(parsed).length > 0 ? { parsed } : {}),
    };
    found.values.push(categorize ? [ns, line, apart] : [ns, line]);
  }
  return { resultType: "streams", result: [...streams.values()] };
}

export function instantOf(answer: LogQlAnswer, atNs: bigint): object {
  if (answer.kind === "number")
    return { resultType: "scalar", result: [secondsOf(msOf(atNs)), shownValue(answer.value)] };
  const series = answer.kind === "series" ? answer.series : [];
  return {
    resultType: "vector",
    result: series.flatMap(({ labels, points }) =>
      points.slice(0, 1).map(([ms, value]) => ({ metric: labels, value: [secondsOf(ms), shownValue(value)] })),
    ),
  };
}

/** A number stands at every step. */
export function matrixOf(answer: LogQlAnswer, span: Span, stepMs: number): object {
  if (answer.kind === "lines") return { resultType: "matrix", result: [] };
  if (answer.kind === "series") {
    const result = answer.series.map(({ labels, points }) => ({
      metric: labels,
      values: points.map(([ms, value]) => [secondsOf(ms), shownValue(value)]),
    }));
    return { resultType: "matrix", result };
  }
  const values: [number, string][] = [];
  for (let ms = msOf(span.fromNs); ms <= msOf(span.toNs); ms += stepMs)
    values.push([secondsOf(ms), shownValue(answer.value)]);
  return { resultType: "matrix", result: [{ metric: {}, values }] };
}

/** What was looked at, and whether that was all: Grafana shows warnings. */
export function statsOf({ scannedBytes, partial }: LogQlAnswer): object {
  return { summary: { totalBytesProcessed: scannedBytes }, ...(partial === undefined ? {} : { partial }) };
}

interface Field {
  readonly values: Set<string>;
  readonly parsers: Set<string>;
}

/** What stands beside lines, and in those that are JSON or logfmt, with the kind of all its values. */
export function detectFields(lines: Lines): readonly object[] {
  const fields = new Map<string, Field>();
  const note = (name: string, value: string, parser?: string): void => {
    let field = fields.get(name);
    if (field === undefined) fields.set(name, (field = { values: new Set(), parsers: new Set() }));
    field.values.add(value);
    if (parser !== undefined) field.parsers.add(parser);
  };
  for (const { line, structuredMetadata = {} } of lines) {
    for (const [name, value] of Object.entries(structuredMetadata)) note(name, value);
    for (const [name, value] of jsonFields(line) ?? []) note(name, value, "json");
    if (line.includes("=") && !line.trimStart().startsWith("{"))
      for (const [, name = "", quoted, bare = ""] of line.matchAll(/(?:^|\s)([A-Za-z_][\w.]*)=(?:"([^"]*)"|(\S+))/g))
        note(name.replaceAll(/\W/g, "_"), quoted ?? bare, "logfmt");
  }
  return Array.from(fields, ([label, { values, parsers }]) => ({
    label,
    type: kindOf([...values]),
    cardinality: values.size,
    parsers: parsers.size === 0 ? null : [...parsers].toSorted(),
  }));
}

function jsonFields(line: string): readonly (readonly [string, string])[] | undefined {
  if (!line.trimStart().startsWith("{")) return undefined;
  const found: [string, string][] = [];
  const walk = (prefix: string, value: object): void => {
    for (const [name, inner] of Object.entries(value) as [string, unknown][]) {
      const path = `${prefix}${name.replaceAll(/\W/g, "_")}`;
      if (typeof inner === "object" && inner !== null && !Array.isArray(inner)) walk(`${path}_`, inner);
      else if (typeof inner === "string" || typeof inner === "number" || typeof inner === "boolean")
        found.push([path, String(inner)]);
    }
  };
  try {
    walk("", JSON.parse(line) as object);
    return found;
  } catch {
    // It only begins like JSON.
    return undefined;
  }
}

function kindOf(values: readonly string[]): string {
  const kinds: readonly (readonly [string, RegExp])[] = [
    ["boolean", /^(?:true|false)$/],
    ["int", /^[+-]?\d+$/],
    ["float", /^[+-]?\d+\.\d+$/],
    ["duration", /^(?:\d+(?:\.\d+)?(?:ns|us|µs|ms|s|m|h))+$/],
    ["bytes", /^\d+(?:\.\d+)?\s?[KMGTP]?i?B$/],
  ];
  return kinds.find(([, pattern]) => values.every((value) => pattern.test(value)))?.[0] ?? "string";
}

/** Patterns of lines, and how many lines each has at each step, in seconds since 1970. */
export function patternsOf(
  lines: Lines,
  stepMs: number,
): readonly { readonly pattern: string; readonly samples: readonly (readonly [number, number])[] }[] {
  const drain = new Drain(patternsMax);
  for (const { line, ns } of lines) drain.add(line, msOf(BigInt(ns)));
  const steps = new Map<string, Map<number, number>>();
  for (const { line, ns } of lines) {
    const text = drain.patternOf(line);
    if (text === undefined) continue;
    const seconds = Math.floor(Math.floor(msOf(BigInt(ns)) / stepMs) * (stepMs / 1_000));
    const counts = steps.get(text) ?? new Map<number, number>();
    steps.set(text, counts.set(seconds, (counts.get(seconds) ?? 0) + 1));
  }
  return drain.patterns().map(({ text }) => ({
    pattern: text,
    samples: [...(steps.get(text) ?? [])].toSorted(([a], [b]) => a - b),
  }));
}
