// Times that follow each other at one distance, written as `@every 5m`: the whole multiples of it, counted from an instant.
import { parseDuration } from "@sluice/protocol";
import type { WallTimes } from "./cron.ts";

const prefix = "@every ";
/** More often would be a loop. */
const intervalMsMin = 1_000;

export function isInterval(expression: string): boolean {
  return expression.startsWith(prefix);
}

/** The times of `@every <duration>`, or `@every <duration> from <ISO time>`; undefined for what is neither. */
export function intervalTimes(expression: string): WallTimes | undefined {
  const [every = "", from] = expression.slice(prefix.length).split(" from ");
  let everyMs: number;
  try {
    everyMs = parseDuration(every);
  } catch {
    // It is no duration: the answer says so.
    return undefined;
  }
  const anchorMs = from === undefined ? 0 : Date.parse(from);
  if (everyMs < intervalMsMin || everyMs % 1_000 !== 0 || !Number.isFinite(anchorMs)) return undefined;
  const upTo = (ms: number): number => anchorMs + Math.floor((ms - anchorMs) / everyMs) * everyMs;
  return {
    after: (ms) => upTo(ms) + everyMs,
    back(count, fromMs, floorMs) {
      const ms = upTo(fromMs) - (count - 1) * everyMs;
      return ms < floorMs ? undefined : ms;
    },
  };
}
