// Where two JSON values differ: by path, in the order of the first.

export interface Difference {
  /** As `input.items[2].price`; empty for the whole. */
  readonly path: string;
  readonly kind: "added" | "removed" | "changed";
  readonly before: unknown;
  readonly after: unknown;
}

export const differencesMax = 200;
const depthMax = 64;

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** At most `differencesMax` of them. Lists are compared place by place. */
export function jsonDiff(before: unknown, after: unknown): readonly Difference[] {
  const found: Difference[] = [];
  compare({ before, after, path: "", depth: 0 }, found);
  return found;
}

interface Pair {
  readonly before: unknown;
  readonly after: unknown;
  readonly path: string;
  readonly depth: number;
}

function compare({ before, after, path, depth }: Pair, found: Difference[]): void {
  if (found.length >= differencesMax || Object.is(before, after)) return;
  if (depth < depthMax && isObject(before) && isObject(after)) {
    for (const name of new Set([...Object.keys(before), ...Object.keys(after)])) {
      const inside = /^[A-Za-z_$][\w$]*$/.test(name)
        ? `${path === "" ? "" : `${path}.`}${name}`
        : `${path}[${JSON.stringify(name)}]`;
      compareMember({ before, after, path: inside, depth }, name, found);
    }
    return;
  }
  if (depth < depthMax && Array.isArray(before) && Array.isArray(after)) {
    for (let index = 0; index < Math.max(before.length, after.length); index++) {
      compareMember({ before, after, path: `${path}[${index}]`, depth }, String(index), found);
    }
    return;
  }
  found.push({ path, kind: "changed", before, after });
}

function compareMember({ before, after, path, depth }: Pair, name: string, found: Difference[]): void {
  const has = (value: unknown) => Object.hasOwn(value as object, name);
  const of = (value: unknown) => (value as Readonly<Record<string, unknown>>)[name];
  if (has(before) && has(after)) compare({ before: of(before), after: of(after), path, depth: depth + 1 }, found);
  else if (found.length < differencesMax && has(before))
    found.push({ path, kind: "removed", before: of(before), after: undefined });
  else if (found.length < differencesMax) found.push({ path, kind: "added", before: undefined, after: of(after) });
}
