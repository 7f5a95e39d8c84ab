// The one spelling of a stream: what makes two sets of labels the same.
import type { Labels } from "./entry.ts";

/** A text that is the same for the same labels in any order, and no other. */
export function streamKey(labels: Labels): string {
  const names = Object.keys(labels);
  if (names.length > 1) names.sort();
  return JSON.stringify(names.map((name) => [name, labels[name] ?? ""]));
}

/** The labels of a key. Throws a `SyntaxError` for what is none. */
export function labelsOf(key: string): Labels {
  return Object.fromEntries(JSON.parse(key) as [string, string][]);
}
