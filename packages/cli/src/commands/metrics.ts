// `sluice metrics`: what was recorded, and PromQL over it.
import { parseDuration } from "@sluice/protocol";
import type { Command } from "commander";
import type { TargetFlags } from "../api.ts";
import type { Io } from "../io.ts";
import { table } from "../table.ts";
import { apiOf, clientCommand, commandGroup, show } from "./client-command.ts";

interface Summary {
  readonly count: number;
  readonly sum: number;
  readonly average: number;
  readonly min: number;
  readonly max: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
}

interface Metric {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly kind: string;
  readonly summary: Summary;
}

interface PromAnswer {
  readonly data: {
    readonly resultType: "vector" | "matrix" | "scalar" | "string";
    readonly result: unknown;
  };
}

interface Series {
  readonly metric: Readonly<Record<string, string>>;
  readonly value?: readonly [number, string];
  readonly values?: readonly (readonly [number, string])[];
}

export function addMetricsCommands(program: Command, io: Io): void {
  const metrics = commandGroup(program, "metrics", "See what was recorded, and ask in PromQL");
  clientCommand(metrics, {
    name: "list",
    description: "Each metric since the server started, with percentiles",
    example: "sluice metrics list",
  })
    .option("--name <metric>", "this metric alone")
    .action((flags: TargetFlags & { readonly name?: string }) => list(io, flags));
  clientCommand(metrics, {
    name: "report",
    description: "Each metric within a span of time",
    example: "sluice metrics report --since 24h --name query_duration",
  })
    .option("--since <time>", "from this long ago on (default: 1h)")
    .option("--name <metric>", "this metric alone")
    .action((flags: TargetFlags & { readonly since?: string; readonly name?: string }) => report(io, flags));
  clientCommand(metrics, {
    name: "query",
    description: "Values of a PromQL expression now",
    example: "sluice metrics query 'sum by (job) (rate(http_requests_total[5m]))'",
  })
    .argument("<expression>", "in PromQL")
    .action((expression: string, flags: TargetFlags) => query(io, expression, flags));
}

function named(path: string, parameters: Readonly<Record<string, string | undefined>>): string {
  const given = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) if (value !== undefined) given.set(name, value);
  const text = given.toString();
  return text === "" ? path : `${path}?${text}`;
}

async function list(io: Io, flags: TargetFlags & { readonly name?: string }): Promise<void> {
  const path = named("/api/v1/metrics", { name: flags.name });
  const answer = await apiOf(io, flags).json<{ readonly metrics: readonly Metric[] }>(path);
  show(io, flags, { json: answer, text: () => shown(answer.metrics) });
}

async function report(io: Io, flags: TargetFlags & { readonly since?: string; readonly name?: string }): Promise<void> {
  const from = flags.since === undefined ? undefined : String(Date.now() - parseDuration(flags.since));
  const path = named("/api/v1/metrics/report", { name: flags.name, from });
  const answer = await apiOf(io, flags).json<{ readonly metrics: readonly Metric[] }>(path);
  show(io, flags, { json: answer, text: () => shown(answer.metrics) });
}

async function query(io: Io, expression: string, flags: TargetFlags): Promise<void> {
  const answer = await apiOf(io, flags).json<PromAnswer>(named("/prom/api/v1/query", { query: expression }));
  show(io, flags, { json: answer.data, text: () => linesOf(answer.data) });
}

function shown(metrics: readonly Metric[]): readonly string[] {
  if (metrics.length === 0) return ["Nothing was recorded."];
  const heads = ["metric", "kind", "count", "sum", "average", "p50", "p95", "p99", "max"];
  const rows = metrics.map(({ name, labels, kind, summary: s }) => {
    const figures = [s.count, s.sum, s.average, s.p50, s.p95, s.p99, s.max].map(short);
    return [visible(name + labelText(labels)), kind, ...figures];
  });
  return table(heads, rows);
}

function linesOf({ resultType, result }: PromAnswer["data"]): readonly string[] {
  if (resultType === "scalar" || resultType === "string") return [visible(String((result as readonly unknown[])[1]))];
  const series = result as readonly Series[];
  if (series.length === 0) return ["Nothing fits."];
  return series.map(({ metric, value, values = [] }) => {
    const { __name__: name = "", ...labels } = metric;
    const texts = value === undefined ? values.map(([, text]) => text) : [value[1]];
    return visible(`${name}${labelText(labels)} ${texts.join(" ")}`.trim());
  });
}

function labelText(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}

function short(value: number): string {
  return Number.isInteger(value) ? String(value) : value.toPrecision(4);
}

/** What came from outside must not steer the terminal. */
function visible(text: string): string {
  return text.replace(/\p{Cc}/gu, (sign) => `\\x${sign.charCodeAt(0).toString(16).padStart(2, "0")}`);
}
