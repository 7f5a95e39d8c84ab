// Patterns that narrow what somebody may see or do: `*` stands for any characters, also none; everything else is meant as it
// is written, upper and lower case told apart.
import type { AccessFilter } from "./run-records.ts";

/** Whether a text fits a pattern. */
export function matchesPattern(pattern: string, text: string): boolean {
  const parts = pattern.split("*");
  const first = parts[0] ?? "";
  if (parts.length === 1) return text === pattern;
  const last = parts.at(-1) ?? "";
  if (text.length < first.length + last.length || !text.startsWith(first) || !text.endsWith(last)) return false;
  // Between the two ends the leftmost place for each part leaves most for the next ones.
  const end = text.length - last.length;
  let at = first.length;
  for (const part of parts.slice(1, -1)) {
    const found = text.indexOf(part, at);
    if (found === -1 || found + part.length > end) return false;
    at = found + part.length;
  }
  return true;
}

/** Whether a text fits one of the patterns. Without a list (undefined) everything fits, with an empty one nothing. */
export function matchesAny(patterns: readonly string[] | undefined, text: string): boolean {
  return patterns === undefined || patterns.some((pattern) => matchesPattern(pattern, text));
}

/** Whether somebody with this access may see what belongs to a workflow. */
export function sees(access: AccessFilter | undefined, workflow: string): boolean {
  return matchesAny(access?.workflows, workflow);
}
