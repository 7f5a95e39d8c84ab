// The value of a setting as people read it: with its unit, or as the length of time or size that it is.
import { formatBytes, formatCount, formatDuration } from "../ui/time-format.ts";

const durations: ReadonlySet<string> = new Set(["ms", "milliseconds"]);
const sizes: ReadonlySet<string> = new Set(["bytes", "B"]);

/** `unit` as the server names it; a value that is not set is a dash. */
export function settingWords(value: unknown, unit: string | null): string {
  if (value === null || value === undefined || value === "") return "–";
  if (typeof value === "number") {
    if (unit !== null && durations.has(unit)) return formatDuration(value);
    if (unit !== null && sizes.has(unit)) return formatBytes(value);
    return unit === null ? String(value) : `${formatCount(value)} ${unit}`;
  }
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (Array.isArray(value))
    return value.length === 0 ? "none" : value.map((each) => settingWords(each, null)).join(", ");
  return typeof value === "string" ? value : JSON.stringify(value);
}
