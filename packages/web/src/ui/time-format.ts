// How times and durations are written. Pure; the components in time.tsx give them the zone and the moment.

const secondMs = 1_000;
const minuteMs = 60_000;
const hourMs = 3_600_000;
const dayMs = 86_400_000;

export type TimeZone = string;

/** The zone's name for `Intl`: undefined is the browser's own. */
function zoneOf(timeZone: TimeZone): { timeZone?: string } {
  return timeZone === "local" ? {} : { timeZone };
}

/** A moment in full: `2026-03-09 14:05:33.120 UTC`. */
export function formatMoment(at: number, timeZone: TimeZone, withMs = false): string {
  const parts = new Intl.DateTimeFormat("en-CA", {
    ...zoneOf(timeZone),
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    hourCycle: "h23",
    timeZoneName: "short",
    ...(withMs ? { fractionalSecondDigits: 3 } : {}),
  }).formatToParts(at);
  const part = (type: string) => parts.find((each) => each.type === type)?.value ?? "";
  const fraction = withMs ? `.${part("fractionalSecond")}` : "";
  const time = `${part("hour")}:${part("minute")}:${part("second")}${fraction}`;
  return `${part("year")}-${part("month")}-${part("day")} ${time} ${part("timeZoneName")}`;
}

/** The time of day: `14:05:33`. */
export function formatClock(at: number, timeZone: TimeZone, withMs = false): string {
  return formatMoment(at, timeZone, withMs).split(" ")[1] ?? "";
}

/** How long ago or ahead, in one unit: `12s ago`, `in 3h`, `5d ago`. */
export function formatRelative(at: number, now: number): string {
  const distance = Math.abs(now - at);
  const words = shortDistance(distance);
  if (distance < secondMs) return "now";
  return at > now ? `in ${words}` : `${words} ago`;
}

function shortDistance(ms: number): string {
  if (ms < minuteMs) return `${Math.floor(ms / secondMs)}s`;
  if (ms < hourMs) return `${Math.floor(ms / minuteMs)}m`;
  if (ms < dayMs) return `${Math.floor(ms / hourMs)}h`;
  const days = Math.floor(ms / dayMs);
  if (days < 60) return `${days}d`;
  return days < 730 ? `${Math.floor(days / 30.44)}mo` : `${Math.floor(days / 365.25)}y`;
}

/** How often a relative time changes: `12s ago` each second, `5m ago` a few times a minute, `3d ago` rarely. */
export function relativeStepMs(at: number, now: number): number {
  const distance = Math.abs(now - at);
  if (distance < minuteMs) return secondMs;
  return distance < hourMs ? 15 * secondMs : 5 * minuteMs;
}

/** A length of time in at most two units: `340ms`, `1.25s`, `2m 05s`, `3h 12m`, `4d 3h`. */
export function formatDuration(ms: number): string {
  if (!Number.isFinite(ms)) return "–";
  if (ms < 0) return `-${formatDuration(-ms)}`;
  if (ms < 1) return ms === 0 ? "0ms" : "<1ms";
  if (ms < secondMs) return `${Math.round(ms)}ms`;
  if (ms < 10 * secondMs) return `${(ms / secondMs).toFixed(2)}s`;
  if (ms < minuteMs) return `${(Math.floor(ms / 100) / 10).toFixed(1)}s`;
  const two = (big: number, small: number, names: readonly [string, string]) => {
    const left = Math.floor((ms % big) / small);
    return `${Math.floor(ms / big)}${names[0]} ${String(left).padStart(small === hourMs ? 1 : 2, "0")}${names[1]}`;
  };
  if (ms < hourMs) return two(minuteMs, secondMs, ["m", "s"]);
  return ms < dayMs ? two(hourMs, minuteMs, ["h", "m"]) : two(dayMs, hourMs, ["d", "h"]);
}

const unitsOfBytes = ["B", "kB", "MB", "GB", "TB"];

/** Bytes in powers of 1,000: `840 B`, `1.2 MB`. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (Math.round(value) >= 1_000 && unit < unitsOfBytes.length - 1) {
    value /= 1_000;
    unit++;
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${unitsOfBytes[unit]}`;
}

/** A count with its thousands apart: `12,480`; from a million on shortened: `1.2M`. */
export function formatCount(count: number): string {
  return count < 1_000_000
    ? String(count).replaceAll(/\B(?=(?:\d{3})+$)/g, ",")
    : new Intl.NumberFormat("en-US", { notation: "compact", maximumFractionDigits: 1 }).format(count);
}
