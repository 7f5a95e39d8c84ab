// The days of a calendar in any time zone, and what happens on each of them. Days are `2026-03-09`; weeks begin on Monday.
// Source of the offsets: the time zone database that `Intl` has.
import type { Answer } from "../api.ts";

export type Fire = Answer<"listScheduleTimes">["times"][number];
export type Span = "month" | "week";

const dayMs = 86_400_000;
const dayPattern = /^\d{4}-\d\d-\d\d$/;

function utcOf(day: string): number {
  return Date.parse(`${day}T00:00:00Z`);
}

function dayOfUtc(at: number): string {
  return new Date(at).toISOString().slice(0, 10);
}

export function isDay(text: string | undefined): text is string {
  if (text === undefined || !dayPattern.test(text)) return false;
  const at = utcOf(text);
  return !Number.isNaN(at) && dayOfUtc(at) === text;
}

export function addDays(day: string, days: number): string {
  return dayOfUtc(utcOf(day) + days * dayMs);
}

/** The same time a span later or earlier; the first of the month for months. */
export function addSpans(day: string, span: Span, by: number): string {
  if (span === "week") return addDays(day, 7 * by);
  const date = new Date(utcOf(day));
  return dayOfUtc(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + by, 1));
}

/** Tells days in a zone; `local` is the browser's own. Making one is slow, asking it is not. */
export class ZoneDays {
  readonly #format: Intl.DateTimeFormat;

  constructor(timeZone: string) {
    this.#format = new Intl.DateTimeFormat("en-CA", {
      ...(timeZone === "local" ? {} : { timeZone }),
      year: "numeric",
      month: "2-digit",
      day: "2-digit",
      hour: "2-digit",
      minute: "2-digit",
      second: "2-digit",
      hourCycle: "h23",
    });
  }

  /** What clocks there show, as if it were UTC. */
  #wall(at: number): number {
    const part: Record<string, number> = {};
    for (const { type, value } of this.#format.formatToParts(at)) part[type] = Number(value);
    const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = part;
    return Date.UTC(year, month - 1, day, hour, minute, second);
  }

  dayOf(at: number): string {
    return dayOfUtc(this.#wall(at));
  }

  /** When a day begins; the first moment after the gap where midnight is skipped. */
  startOf(day: string): number {
    const wanted = utcOf(day);
    // Twice: the first guess may lie on the other side of a change of the clocks.
    let at = wanted;
    for (let round = 0; round < 2; round++) at += wanted - this.#wall(at);
    if (this.dayOf(at) < day) at += wanted - this.#wall(at);
    // Midnight does not exist there: the clocks jump over it, by an hour wherever they do.
    return this.dayOf(at) < day ? at + 3_600_000 : at;
  }
}

/** The days shown: whole weeks around a month, or one week. */
export function daysOf(day: string, span: Span): readonly string[] {
  const monday = (each: string) => addDays(each, -((new Date(utcOf(each)).getUTCDay() + 6) % 7));
  const first = monday(span === "week" ? day : `${day.slice(0, 8)}01`);
  const last = span === "week" ? first : monday(addDays(addSpans(day, "month", 1), -1));
  const days: string[] = [];
  for (let each = first; each <= addDays(last, 6); each = addDays(each, 1)) days.push(each);
  return days;
}

/** Fires of one schedule on one day. */
export interface DayGroup {
  readonly schedule: string;
  readonly workflow: string;
  /** By time. */
  readonly fires: readonly Fire[];
}

export function groupByDay(fires: readonly Fire[], zone: ZoneDays): ReadonlyMap<string, readonly DayGroup[]> {
  const days = new Map<string, Map<string, Fire[]>>();
  for (const fire of fires) {
    const day = zone.dayOf(fire.at);
    const groups = days.get(day) ?? new Map<string, Fire[]>();
    days.set(day, groups);
    const group = groups.get(fire.schedule);
    if (group === undefined) groups.set(fire.schedule, [fire]);
    else group.push(fire);
  }
  return new Map(
    [...days].map(([day, groups]) => [
      day,
      [...groups].map(([schedule, group]) => ({ schedule, workflow: group[0]?.workflow ?? "", fires: group })),
    ]),
  );
}

/** What one should see first of several: trouble, then what goes on, then what was late, then the ordinary. */
const loudness: readonly Fire["status"][] = [
  "failed",
  "timedout",
  "missed",
  "held",
  "paused",
  "undoing",
  "running",
  "waiting",
  "queued",
  "caught_up",
  "cancelled",
  "completed",
  "coming",
];

export function loudest(fires: readonly Fire[]): Fire["status"] {
  return loudness.find((status) => fires.some((fire) => fire.status === status)) ?? "coming";
}

/** How many fires have each status, loudest first. */
export function countByStatus(fires: readonly Fire[]): readonly (readonly [status: Fire["status"], count: number])[] {
  return loudness
    .map((status) => [status, fires.filter((fire) => fire.status === status).length] as const)
    .filter(([, count]) => count > 0);
}
