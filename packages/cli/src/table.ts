// Text for people: columns that line up, times and durations that read well.
import { inert } from "./io.ts";

/** Rows under their headings, columns as wide as they must be. Each row is one line, whatever stands in it. */
export function table(headings: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  const all = [headings, ...rows.map((row) => row.map((cell) => inert(cell).replaceAll("\n", "\\n")))];
  const widths = headings.map((_, index) => Math.max(...all.map((row) => Bun.stringWidth(row[index] ?? ""))));
  return all.map((row) =>
    row
      .map((cell, index) => cell + " ".repeat((widths[index] ?? 0) - Bun.stringWidth(cell)))
      .join("  ")
      .trimEnd(),
  );
}

/** A time in milliseconds since 1970, as ISO 8601 to the second. */
export function time(ms: unknown): string {
  return typeof ms === "number" ? new Date(ms).toISOString().replace(/\.\d+Z$/, "Z") : "-";
}

/** `12 ms`, `3.4 s`, `5 min 2 s`, `2 h 5 min`, `3 d 4 h`. */
export function span(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1_000).toFixed(1)} s`;
  if (ms < 3_600_000) return `${Math.floor(ms / 60_000)} min ${Math.floor((ms % 60_000) / 1_000)} s`;
  if (ms < 86_400_000) return `${Math.floor(ms / 3_600_000)} h ${Math.floor((ms % 3_600_000) / 60_000)} min`;
  return `${Math.floor(ms / 86_400_000)} d ${Math.floor((ms % 86_400_000) / 3_600_000)} h`;
}

/** A value on one line, cut where it gets long. */
export function short(value: unknown, charsMax = 60): string {
  const text = value === undefined ? "-" : JSON.stringify(value);
  return text.length > charsMax ? `${text.slice(0, charsMax - 1)}…` : text;
}
