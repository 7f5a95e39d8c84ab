// When a schedule is due. The library croner knows which dates and times an expression names; this
// file decides at which instants they happen in a time zone, since the product's daylight-saving
// rules differ from the library's: croner moves a time that a gap swallows to the gap's end, here
// it is shifted by the gap, as people expect who have read "02:30 fires at 03:30".
import { Cron as CronExpression, CronPattern } from "croner";
import { intervalTimes, isInterval } from "./interval.ts";

/**
 * A parsed expression in a time zone.
 *
 * `followsElapsedTime` says which of two rules holds when the clock changes. An expression with a
 * `*` or a step in its seconds, minutes or hours (or one that lists all of a field) follows
 * elapsed time: it fires whenever the clock on the wall shows a matching time, so also in both
 * passes through a repeated hour, and not at times that a gap swallows. Every other expression
 * names fixed times: each fires once, at its first occurrence where the day has it twice, and later by
 * the length of the gap where the day has it not at all (02:30 becomes 03:30). The line between the
 * two is Vixie cron's, with ranges and lists on the side of fixed times.
 */
export interface Cron {
  readonly expression: string;
  /** The name as given, such as "Europe/Lisbon". */
  readonly timezone: string;
  readonly followsElapsedTime: boolean;
  /** The expression read as wall-clock time, which has no offset and no transitions. */
  readonly wall: WallTimes;
  readonly zone: Zone;
}

/** What {@link parseCron} answers. */
export type ParsedCron =
  | { readonly ok: true; readonly cron: Cron }
  | {
      readonly ok: false;
      readonly code: "invalid_cron" | "invalid_timezone";
      readonly message: string;
      readonly hint: string;
    };

/** A stretch of instants in which a zone's offset stays the same. */
interface OffsetPiece {
  readonly fromMs: number;
  /** The first instant that no longer belongs to it. */
  readonly toMs: number;
  readonly offsetMs: number;
}

/** What a time zone has to answer. Wall times are milliseconds as if the wall clock showed UTC. */
interface Zone {
  /** Wall time minus instant. */
  offsetMsAt(instantMs: number): number;
  pieceAt(instantMs: number): OffsetPiece;
}

/** The wall times an expression names, in order. */
export interface WallTimes {
  /** The first one after `wallMs`. */
  after(wallMs: number): number | undefined;
  /** The one `count` places back from `fromMs`, itself included; undefined where `floorMs` comes first. */
  back(count: number, fromMs: number, floorMs: number): number | undefined;
}

/** The longest expression that is read, in characters. */
export const cronExpressionCharsMax = 200;
/** No time before this is looked for, in milliseconds since 1970. */
const searchFromMs = 0;
/** No time from this on is looked for: the year 2500. croner itself ends in the year 3000. */
const searchUntilMs = Date.UTC(2500, 0, 1);
const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
/** Offsets lie from −12 to +14 hours: how far an instant may be from its wall time read as UTC. */
const offsetMsMax = 14 * hourMs;
const offsetMsMin = -12 * hourMs;

const cronHint =
  'five fields (minute hour day month weekday) or six (second first), such as "0 2 * * *" or ' +
  '"*/15 9-17 * * MON-FRI"; also @hourly, @daily, @weekly, @monthly, @yearly';

/**
 * Reads a cron expression of five fields, or six with seconds first, and a time zone name.
 *
 * Fields take `*`, lists, ranges, steps (after `*` or a range), and month and weekday names; the day
 * of the month also `L` (last day), `15W` (nearest weekday) and `LW`; the weekday also `MON#2`
 * (second Monday), `FRI#L` (last Friday) and a leading `+`. Where both day fields are given, either
 * may match; with `+` both must. Nicknames such as @daily are read too.
 *
 * An expression that can never match, such as the 30th of February, is invalid.
 */
export function parseCron(expression: string, timezone: string): ParsedCron {
  const invalidCron = (reason: string): ParsedCron => ({
    ok: false,
    code: "invalid_cron",
    message: `${quote(expression)} is not a cron expression: ${reason}`,
    hint: cronHint,
  });
  if (typeof expression !== "string") return invalidCron("it is not text");
  if (expression.length > cronExpressionCharsMax) {
    return invalidCron(`more than ${cronExpressionCharsMax} characters (cronExpressionCharsMax)`);
  }
  const zone = createZone(timezone);
  if (zone === undefined) {
    return {
      ok: false,
      code: "invalid_timezone",
      message: `${quote(timezone)} is not a time zone`,
      hint: 'a name from the IANA time zone database, such as "Europe/Lisbon" or "UTC"',
    };
  }
  if (isInterval(expression)) {
    const wall = intervalTimes(expression);
    if (wall === undefined)
      return invalidCron("an interval is `@every 5m`, or `@every 5m from 2026-01-01T00:00:00.000Z`");
    return {
      ok: true,
      cron: { expression, timezone, followsElapsedTime: true, wall, zone: createZone("UTC") ?? zone },
    };
  }
  let pattern: CronPattern;
  try {
    pattern = new CronPattern(expression, undefined, { mode: "5-or-6-parts", fixedTimeRule: "no-wildcard" });
  } catch (error) {
    return invalidCron(reasonOf(error));
  }
  const wall = createWallTimes(expression);
  if (wall.after(searchFromMs) === undefined) return invalidCron("no date ever matches it");
  const listsAll = [pattern.second, pattern.minute, pattern.hour].some((field) => field.every(Boolean));
  const followsElapsedTime = listsAll || !pattern.isFixedTime;
  return { ok: true, cron: { expression, timezone, followsElapsedTime, wall, zone } };
}

/**
 * The first time strictly after `afterMs`, in milliseconds since 1970, always a whole second.
 * Undefined when there is none before the year 2500.
 */
export function nextCronTime(cron: Cron, afterMs: number): number | undefined {
  if (!Number.isFinite(afterMs)) throw new Error("assertion failed: afterMs is a finite number");
  const startMs = Math.max(searchFromMs, Math.floor(afterMs));
  if (startMs >= searchUntilMs) return undefined;
  const foundMs = cron.followsElapsedTime ? nextElapsed(cron, startMs) : nextFixed(cron, startMs);
  return foundMs === undefined || foundMs >= searchUntilMs ? undefined : foundMs;
}

/** Where {@link cronTimes} and {@link lastCronTimes} look. */
export interface CronWindow {
  /** Exclusive. */
  readonly afterMs: number;
  /** Inclusive. */
  readonly untilMs: number;
  /** How many times at most. */
  readonly limit: number;
}

/** The first times in a window, ascending. */
export function cronTimes(cron: Cron, { afterMs, untilMs, limit }: CronWindow): number[] {
  const times: number[] = [];
  let lastMs = afterMs;
  while (times.length < limit) {
    const nextMs = nextCronTime(cron, lastMs);
    if (nextMs === undefined || nextMs > untilMs) break;
    times.push(nextMs);
    lastMs = nextMs;
  }
  return times;
}

/**
 * The last times in a window, ascending. The cost follows `limit` and not the length of the window.
 */
export function lastCronTimes(cron: Cron, { afterMs, untilMs, limit }: CronWindow): number[] {
  if (limit <= 0) return [];
  const lastMs = Math.min(untilMs, searchUntilMs);
  const wallUntilMs = lastMs + cron.zone.offsetMsAt(lastMs);
  const wallFloorMs = Math.max(searchFromMs, afterMs) + offsetMsMin;
  // As many wall times back as times are asked for; further where a clock change swallowed or merged some.
  for (let count = limit; ; count *= 2) {
    const wallMs = cron.wall.back(count, wallUntilMs, wallFloorMs);
    const fromMs = wallMs === undefined ? afterMs : Math.max(afterMs, earliestInstantOf(cron.zone, wallMs) - 1);
    const times: number[] = [];
    for (let ms = nextCronTime(cron, fromMs); ms !== undefined && ms <= lastMs; ms = nextCronTime(cron, ms)) {
      times.push(ms);
    }
    if (times.length >= limit || fromMs <= afterMs) return times.slice(-limit);
  }
}

/** The next instant at which the wall clock shows a matching time. */
function nextElapsed({ wall, zone }: Cron, afterMs: number): number | undefined {
  // The next two days are looked at piece by piece: an overlap may bring back wall times that have
  // passed. After two days without a match it can bring back none that matches, and the search may
  // jump to shortly before the next match, how ever the offset changes until then.
  const stepwiseUntilMs = afterMs + 2 * dayMs;
  let fromMs = afterMs + 1;
  while (fromMs < searchUntilMs) {
    const piece = zone.pieceAt(fromMs);
    const wallMs = wall.after(fromMs - 1 + piece.offsetMs);
    if (wallMs === undefined) return undefined;
    const instantMs = wallMs - piece.offsetMs;
    if (instantMs < piece.toMs) return instantMs;
    fromMs = fromMs < stepwiseUntilMs ? piece.toMs : Math.max(piece.toMs, instantMs - 2 * dayMs);
  }
  return undefined;
}

/** The next instant that a fixed wall time stands for. */
function nextFixed({ wall, zone }: Cron, afterMs: number): number | undefined {
  // From the wall time before a gap of the last day, if there was one: what the gap shifts may lie ahead.
  const offsetMs = Math.min(zone.offsetMsAt(afterMs), zone.offsetMsAt(afterMs - offsetMsMax + offsetMsMin));
  let bestMs: number | undefined;
  for (let wallMs = wall.after(afterMs + offsetMs); wallMs !== undefined; wallMs = wall.after(wallMs)) {
    const { instantMs, shifted } = instantOf(zone, wallMs);
    if (instantMs <= afterMs) continue;
    bestMs = Math.min(bestMs ?? instantMs, instantMs);
    // A time after the gap may come before one that the gap has shifted, so a shifted one is not yet the answer.
    if (!shifted) return bestMs;
  }
  return bestMs;
}

/** The instant of a fixed wall time: its first occurrence, or shifted by the gap that it falls into. */
function instantOf(zone: Zone, wallMs: number): { instantMs: number; shifted: boolean } {
  const [offsetBeforeMs, offsetAfterMs] = offsetsAround(zone, wallMs);
  const earlyMs = wallMs - offsetBeforeMs;
  if (offsetBeforeMs === offsetAfterMs || zone.offsetMsAt(earlyMs) === offsetBeforeMs) {
    return { instantMs: earlyMs, shifted: false };
  }
  const lateMs = wallMs - offsetAfterMs;
  return zone.offsetMsAt(lateMs) === offsetAfterMs
    ? { instantMs: lateMs, shifted: false }
    : { instantMs: earlyMs, shifted: true };
}

function earliestInstantOf(zone: Zone, wallMs: number): number {
  return wallMs - Math.max(...offsetsAround(zone, wallMs));
}

/** The offsets shortly before and shortly after every instant that a wall time may stand for. */
function offsetsAround(zone: Zone, wallMs: number): readonly [number, number] {
  return [zone.offsetMsAt(wallMs - offsetMsMax - hourMs), zone.offsetMsAt(wallMs - offsetMsMin + hourMs)];
}

function createWallTimes(expression: string): WallTimes {
  // An offset of zero keeps the library away from time zones, the process's own included.
  const times = new CronExpression(expression, { utcOffset: 0, mode: "5-or-6-parts" });
  return {
    after: (wallMs) => times.nextRun(new Date(wallMs))?.getTime(),
    back(count, fromMs, floorMs) {
      let wallMs: number | undefined = fromMs + 1;
      for (let step = 0; step < count; step++) {
        wallMs = times.previousRuns(1, new Date(wallMs))[0]?.getTime();
        if (wallMs === undefined || wallMs < floorMs) return undefined;
      }
      return wallMs;
    },
  };
}

/** Undefined where the runtime knows no such zone. */
function createZone(timezone: string): Zone | undefined {
  // A missing name would silently mean the process's own zone.
  if (typeof timezone !== "string" || timezone === "") return undefined;
  let format: Intl.DateTimeFormat;
  try {
    format = zoneFormat(timezone);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
  const offsetMsAt = (instantMs: number): number => {
    const secondMs = Math.floor(instantMs / 1000) * 1000;
    const [month = 0, day = 0, year = 0, hour = 0, minute = 0, second = 0] = (
      format.format(secondMs).match(/\d+/g) ?? []
    ).map(Number);
    return Date.UTC(year, month - 1, day, hour, minute, second) - secondMs;
  };
  let latest: OffsetPiece | undefined;
  return {
    offsetMsAt,
    pieceAt(instantMs) {
      if (latest === undefined || instantMs < latest.fromMs || instantMs >= latest.toMs) {
        latest = findPiece(offsetMsAt, instantMs);
      }
      return latest;
    },
  };
}

/** Always the same shape, "MM/DD/YYYY, HH:MM:SS", whatever the process's locale. */
function zoneFormat(timezone: string): Intl.DateTimeFormat {
  return new Intl.DateTimeFormat("en-US", {
    timeZone: timezone,
    calendar: "gregory",
    numberingSystem: "latn",
    hourCycle: "h23",
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
  });
}

/** The stretch around an instant, at most a UTC day long. No zone changes its offset twice in a day. */
function findPiece(offsetMsAt: (instantMs: number) => number, instantMs: number): OffsetPiece {
  const startMs = Math.floor(instantMs / dayMs) * dayMs;
  const endMs = startMs + dayMs;
  const [startOffsetMs, endOffsetMs] = [offsetMsAt(startMs), offsetMsAt(endMs)];
  if (startOffsetMs === endOffsetMs) return { fromMs: startMs, toMs: endMs, offsetMs: startOffsetMs };
  let [beforeMs, changeMs] = [startMs, endMs];
  while (changeMs - beforeMs > 1000) {
    const middleMs = beforeMs + Math.floor((changeMs - beforeMs) / 2000) * 1000;
    if (offsetMsAt(middleMs) === startOffsetMs) beforeMs = middleMs;
    else changeMs = middleMs;
  }
  return instantMs < changeMs
    ? { fromMs: startMs, toMs: changeMs, offsetMs: startOffsetMs }
    : { fromMs: changeMs, toMs: endMs, offsetMs: endOffsetMs };
}

/** The library's reason without its prefix. */
function reasonOf(error: unknown): string {
  const reason = error instanceof Error ? error.message : String(error);
  return reason.replace(/^CronPattern: /, "").replace(/\.$/, "");
}

function quote(value: unknown): string {
  return typeof value === "string" ? JSON.stringify(value.slice(0, cronExpressionCharsMax)) : typeof value;
}
