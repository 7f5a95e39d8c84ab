// The server's log: one JSON object a line, on standard error.
import type { Clock, Logger, LogLevel } from "@sluice/core";

const ranks: Readonly<Record<LogLevel, number>> = { debug: 0, info: 1, warn: 2, error: 3 };

/** Lines of `{time, level, message, …fields}`, from `least` on. */
export function jsonLog(write: (line: string) => void, clock: Pick<Clock, "now">, least: LogLevel = "info"): Logger {
  return (level, message, fields) => {
    if (ranks[level] < ranks[least]) return;
    write(`${JSON.stringify({ time: new Date(clock.now()).toISOString(), level, message, ...fields })}\n`);
  };
}
