// Search attributes of runs: set one by one, and held against conditions.
import type { AttributeSetting, RunAttribute } from "@sluice/protocol";
import type { AttributeFilter } from "../../kernel/run-records.ts";
import type { RunRow } from "./rows.ts";

/** Sets attributes by name, null takes one away; they stay in the order of their names. */
export function setAttributes(run: RunRow, set: readonly AttributeSetting[]): void {
  const attributes = new Map((run.record.attributes ?? []).map((each) => [each.name, each]));
  for (const { name, type, value } of set) {
    if (value === null) attributes.delete(name);
    else attributes.set(name, { name, type, value });
  }
  const left = [...attributes.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1));
  run.record.attributes = left.length === 0 ? undefined : left;
}

export function fitsAttributes(
  attributes: readonly RunAttribute[] | undefined,
  filters: readonly AttributeFilter[],
): boolean {
  return filters.every((filter) => {
    const found = attributes?.find(({ name, type }) => name === filter.name && type === filter.type);
    return found !== undefined && holds(found.value, filter);
  });
}

function holds(value: RunAttribute["value"], { operator, value: asked }: AttributeFilter): boolean {
  switch (operator) {
    case "=":
      return value === asked;
    case "!=":
      return value !== asked;
    case "~":
      return lower(String(value)).includes(lower(String(asked)));
    case "<":
      return value < asked;
    case "<=":
      return value <= asked;
    case ">":
      return value > asked;
    default:
      return value >= asked;
  }
}

/** As SQLite does it: the letters A to Z alone. */
function lower(text: string): string {
  return text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}
