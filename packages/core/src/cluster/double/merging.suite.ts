// For tests: what patches and server-side apply make of an object.
import { asRecord, canonicalJson } from "../objects.ts";
import type { KubeObject, ManagedFields } from "../objects.ts";
import { fieldsV1, leavesOf, pathsOf, setAt } from "./field-sets.suite.ts";
import type { Path } from "./field-sets.suite.ts";

/** As the double keeps it. */
export type Stored = Record<string, unknown> & KubeObject;

/** A JSON patch of replacements, or a merge patch. */
export function patched(live: Stored, patch: unknown): KubeObject {
  if (!Array.isArray(patch)) return mergePatch(live, patch) as KubeObject;
  const object = structuredClone(live) as Record<string, unknown>;
  for (const { path, value } of patch as readonly { path: string; value: unknown }[]) {
    setAt(
      object,
      JSON.stringify(
        path
          .split("/")
          .slice(1)
          .map((name) => `f:${name}`),
      ),
      value,
    );
  }
  return object as KubeObject;
}

function mergePatch(target: unknown, patch: unknown): unknown {
  const [left, right] = [asRecord(target) ?? {}, asRecord(patch)];
  if (right === undefined) return patch;
  const names = new Set([...Object.keys(left), ...Object.keys(right)]);
  const entries = [...names].map(
    (name) => [name, name in right ? mergePatch(left[name], right[name]) : left[name]] as const,
  );
  return Object.fromEntries(entries.filter(([name]) => right[name] !== null));
}

/** Server-side apply: what the manager declares is set, what it no longer declares goes, what others own is a conflict. */
export function merge(p: {
  readonly live: Stored | undefined;
  readonly object: KubeObject;
  readonly manager: string;
  readonly force: boolean;
}):
  | { readonly object: KubeObject }
  | { readonly conflicts: readonly { readonly path: Path; readonly manager: string }[] } {
  const { live, object, manager, force } = p;
  const wanted = leavesOf(object);
  const present = leavesOf(live ?? {});
  const fields = (live?.metadata.managedFields ?? []).map((each) => ({ ...each, paths: pathsOf(each.fieldsV1) }));
  const isOwn = (each: ManagedFields): boolean => each.manager === manager && each.operation === "Apply";
  const conflicts = [...wanted].flatMap(([path, value]) =>
    canonicalJson(present.get(path)) === canonicalJson(value)
      ? []
      : fields.filter((each) => !isOwn(each) && each.paths.has(path)).map((each) => ({ path, manager: each.manager })),
  );
  if (conflicts.length > 0 && !force) return { conflicts };
  const taken = new Set(conflicts.map(({ path }) => path));
  const others = fields.filter((each) => !isOwn(each));
  const next = structuredClone<KubeObject>(
    live ?? { apiVersion: object.apiVersion, kind: object.kind, metadata: { name: object.metadata.name } },
  ) as Stored;
  for (const path of fields.find(isOwn)?.paths ?? []) {
    if (!wanted.has(path) && !others.some((each) => each.paths.has(path))) setAt(next, path, undefined);
  }
  for (const [path, value] of wanted) setAt(next, path, value);
  const kept = others.flatMap(({ paths, ...each }) => {
    const left = [...paths].filter((path) => !taken.has(path));
    return left.length === 0 ? [] : [{ ...each, fieldsV1: fieldsV1(left) as never }];
  });
  const own = {
    manager,
    operation: "Apply",
    apiVersion: object.apiVersion,
    fieldsV1: fieldsV1(wanted.keys()) as never,
  } as const;
  return { object: { ...next, metadata: { ...next.metadata, managedFields: [...kept, own] } } };
}
