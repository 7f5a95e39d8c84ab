// For tests: who owns which fields, as server-side apply has it. Sets of paths, and how they are written in `managedFields`.
import { asRecord } from "../objects.ts";

/** One step of a path: a field, or an item of a list by its name. */
type Step = `f:${string}` | `k:${string}`;
export type Path = string;

const outside = new Set([
  "uid",
  "resourceVersion",
  "managedFields",
  "name",
  "namespace",
  "generation",
  "creationTimestamp",
]);

const join = (steps: readonly Step[]): Path => JSON.stringify(steps);
const stepsOf = (path: Path): readonly Step[] => JSON.parse(path) as Step[];

function named(value: unknown): readonly Record<string, unknown>[] | undefined {
  if (!Array.isArray(value) || value.length === 0) return undefined;
  return value.every((item) => typeof asRecord(item)?.["name"] === "string")
    ? (value as Record<string, unknown>[])
    : undefined;
}

/** The leaves of what somebody declares, with their values. */
export function leavesOf(object: Readonly<Record<string, unknown>>): Map<Path, unknown> {
  const leaves = new Map<Path, unknown>();
  const walk = (value: unknown, steps: readonly Step[]): void => {
    const record = asRecord(value);
    const items = named(value);
    if (record !== undefined && Object.keys(record).length > 0) {
      for (const [name, inner] of Object.entries(record)) walk(inner, [...steps, `f:${name}`]);
    } else if (items === undefined) leaves.set(join(steps), value);
    else for (const item of items) walk(item, [...steps, `k:${String(item["name"])}`]);
  };
  for (const [name, value] of Object.entries(object)) {
    if (name === "apiVersion" || name === "kind" || name === "status") continue;
    if (name !== "metadata") walk(value, [`f:${name}`]);
    else {
      for (const [field, inner] of Object.entries(asRecord(value) ?? {})) {
        if (!outside.has(field)) walk(inner, ["f:metadata", `f:${field}`]);
      }
    }
  }
  return leaves;
}

/** As the API writes a set. */
export function fieldsV1(paths: Iterable<Path>): Record<string, unknown> {
  const root: Record<string, unknown> = {};
  for (const path of paths) {
    let at = root;
    for (const step of stepsOf(path)) {
      const key = step.startsWith("k:") ? `k:${JSON.stringify({ name: step.slice(2) })}` : step;
      at = (at[key] ??= {}) as Record<string, unknown>;
    }
  }
  return root;
}

/** And back. */
export function pathsOf(fields: unknown): Set<Path> {
  const paths = new Set<Path>();
  const walk = (value: unknown, steps: readonly Step[]): void => {
    const inner = Object.entries(asRecord(value) ?? {});
    if (inner.length === 0 && steps.length > 0) paths.add(join(steps));
    for (const [key, next] of inner) {
      const step: Step = key.startsWith("k:")
        ? `k:${(JSON.parse(key.slice(2)) as { name: string }).name}`
        : (key as Step);
      walk(next, [...steps, step]);
    }
  };
  walk(fields, []);
  return paths;
}

type Node = Record<string, unknown> | unknown[];

/** Sets what is at a path, making what is on the way; undefined removes it. */
export function setAt(object: Record<string, unknown>, path: Path, value: unknown): void {
  const steps = stepsOf(path);
  let at: Node = object;
  for (const [index, step] of steps.entries()) {
    const name = step.slice(2);
    const last = index === steps.length - 1;
    const empty = (): Node => (steps[index + 1]?.startsWith("k:") === true ? [] : {});
    if (Array.isArray(at)) {
      const list: unknown[] = at;
      let item = list.find((each) => asRecord(each)?.["name"] === name) as Record<string, unknown> | undefined;
      if (item === undefined) list.push((item = { name }));
      at = item;
    } else if (last) {
      if (value === undefined) Reflect.deleteProperty(at, name);
      // An empty object that somebody declares is there already when others own what is in it.
      else if (
        !(
          asRecord(at[name]) !== undefined &&
          asRecord(value) !== undefined &&
          Object.keys(value as object).length === 0
        )
      )
        at[name] = value;
    } else at = (at[name] ??= empty()) as Node;
  }
}

/** `.spec.containers[name="a"].image`, as refusals have it. */
export function shownPath(path: Path): string {
  return stepsOf(path)
    .map((step) => (step.startsWith("k:") ? `[name="${step.slice(2)}"]` : `.${step.slice(2)}`))
    .join("");
}
