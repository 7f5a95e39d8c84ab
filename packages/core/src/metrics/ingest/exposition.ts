// The text that targets of Prometheus show under /metrics. Format: Prometheus, "Exposition formats", text format 0.0.4; the
// parts of OpenMetrics that differ (`# EOF`, exemplars) are passed over.
import { nameLabel } from "../sample.ts";
import type { MetricAbout } from "../sample.ts";
import type { Readings } from "./readings.ts";

const kinds: ReadonlySet<string> = new Set(["counter", "gauge", "histogram", "summary"]);

/**
 * Reads samples, which are of `nowMs` where they say nothing else. `labels` are of the target: a label of its own that has the same
 * name is kept as `exported_NAME`. Lines that cannot be read are counted.
 */
export function readExposition(
  readings: Readings,
  p: { readonly text: string; readonly nowMs: number; readonly labels: Readonly<Record<string, string>> },
): void {
  const about = new Map<string, { kind: MetricAbout["kind"]; help: string }>();
  const of = (name: string): { kind: MetricAbout["kind"]; help: string } => {
    const known = about.get(name) ?? { kind: "unknown", help: "" };
    about.set(name, known);
    return known;
  };
  for (const line of p.text.split("\n")) {
    if (line.trim() === "") continue;
    const [, word = "", name = "", rest = ""] = /^#\s*(HELP|TYPE)\s+(\S+)\s*(.*?)\r?$/.exec(line) ?? [];
    if (word === "HELP")
      of(name).help = rest.replaceAll(/\\([\\n])/g, (_, sign: string) => (sign === "n" ? "\n" : "\\"));
    else if (word === "TYPE") of(name).kind = kinds.has(rest) ? (rest as MetricAbout["kind"]) : "unknown";
    else if (!line.startsWith("#")) readSample(readings, line, p);
  }
  for (const [name, { kind, help }] of about) readings.describe({ name, kind, help, unit: "" });
}

function readSample(
  readings: Readings,
  line: string,
  { nowMs, labels: shared }: { readonly nowMs: number; readonly labels: Readonly<Record<string, string>> },
): void {
  const name = /^\s*([a-zA-Z_:][\w:]*)\s*/.exec(line);
  const labels: Record<string, string> = {};
  let at = name?.[0].length ?? 0;
  if (line[at] === "{") {
    const end = readLabels(line, at + 1, (label, value) => {
      labels[label in shared ? `exported_${label}` : label] = value;
    });
    if (end === undefined) return readings.reject(1, `A line cannot be read: ${line.slice(0, 100)}`);
    at = end;
  }
  const [, text = "", time] = /^\s*(\S+)(?:\s+(-?[\d.]+))?\s*(?:#.*)?\r?$/.exec(line.slice(at)) ?? [];
  const value = /^[-+]?inf$/i.test(text)
    ? text.startsWith("-")
      ? -Infinity
      : Infinity
    : Number(text === "" ? "x" : text);
  if (name === null || (Number.isNaN(value) && !/^nan$/i.test(text)))
    return readings.reject(1, `A line cannot be read: ${line.slice(0, 100)}`);
  const timeMs = time === undefined ? nowMs : Math.round(Number(time));
  return readings.add({ ...labels, ...shared, [nameLabel]: name[1] ?? "" }, [{ timeMs, value }]);
}

/** Answers where the closing bracket ends; undefined where there is none. */
function readLabels(line: string, from: number, told: (name: string, value: string) => void): number | undefined {
  const pair = /\s*([a-zA-Z_]\w*)\s*=\s*"((?:[^"\\]|\\.)*)"\s*,?/y;
  pair.lastIndex = from;
  let at = from;
  for (let match = pair.exec(line); match !== null; match = pair.exec(line)) {
    const [, name = "", text = ""] = match;
    told(
      name,
      text.replaceAll(/\\(.)/g, (_, sign: string) => (sign === "n" ? "\n" : sign)),
    );
    at = pair.lastIndex;
  }
  const rest = /^\s*\}/.exec(line.slice(at));
  return rest === null ? undefined : at + rest[0].length;
}
