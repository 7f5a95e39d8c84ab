// How bad an entry is: one closed set, found in what senders call it in a hundred ways.
import type { FieldValue, Labels } from "./entry.ts";

/** By their number, which is what chunks hold. */
export const logLevels = ["unknown", "trace", "debug", "info", "warn", "error", "fatal"] as const;

const words: Readonly<Record<string, number>> = {
  trace: 1,
  trc: 1,
  verbose: 1,
  finest: 1,
  finer: 1,
  debug: 2,
  dbg: 2,
  fine: 2,
  info: 3,
  inf: 3,
  information: 3,
  informational: 3,
  notice: 3,
  log: 3,
  warn: 4,
  wrn: 4,
  warning: 4,
  error: 5,
  err: 5,
  eror: 5,
  fatal: 6,
  ftl: 6,
  critical: 6,
  crit: 6,
  panic: 6,
  alert: 6,
  emerg: 6,
  emergency: 6,
};

/** Names under which senders put it, the surest first. */
const names = ["level", "severity", "lvl", "log.level", "severity_text", "loglevel"] as const;
/** Past this a line is not looked at any further: levels stand in front. */
const lookedAtChars = 128;
const inLine = /\b(TRACE|DEBUG|INFO|WARN(?:ING)?|ERROR|FATAL|CRITICAL|PANIC)\b|(?:^|[\s{,"])level"?[=:]\s*"?(\w+)/;

/** The number of a level that somebody wrote as a word or, as pino and bunyan do, as a number from 10 to 60. */
export function levelNumber(value: FieldValue | undefined): number {
  if (typeof value === "string") return words[value.toLowerCase()] ?? 0;
  if (typeof value !== "number" || value < 10 || value > 69) return 0;
  return Math.floor(value / 10);
}

/** Of an entry: a field says it, else a label, else the line itself. */
export function levelOf(p: {
  readonly labels: Labels;
  readonly fields: Readonly<Record<string, FieldValue>>;
  readonly line: string;
}): number {
  for (const name of names) {
    const value = p.fields[name];
    const found = value === undefined ? 0 : levelNumber(value);
    if (found !== 0) return found;
  }
  for (const name of names) {
    const value = p.labels[name];
    const found = value === undefined ? 0 : levelNumber(value);
    if (found !== 0) return found;
  }
  const match = inLine.exec(p.line.length > lookedAtChars ? p.line.slice(0, lookedAtChars) : p.line);
  return match === null ? 0 : levelNumber(match[1] ?? match[2]);
}
