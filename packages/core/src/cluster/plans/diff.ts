// What would change, field by field. Lists whose items have names are compared by name, as the API merges them.
import { asRecord, canonicalJson, groupOf } from "../objects.ts";
import type { KubeObject } from "../objects.ts";
import type { Sha256 } from "../ports.ts";

export interface FieldChange {
  /** As in `.spec.template.spec.containers[name=web].image`. */
  readonly path: string;
  readonly before?: unknown;
  readonly after?: unknown;
}

/** Stands for every value of a Secret. */
export const sealed = "(secret)";

/** Annotations of ours, and one that holds a copy of the object. */
export const epochAnnotation = "sluice.dev/epoch";
export const intentAnnotation = "sluice.dev/intent";
const ownAnnotations = new Set([epochAnnotation, intentAnnotation, "kubectl.kubernetes.io/last-applied-configuration"]);
/** Controllers count here; nobody asks for it. */
const countedAnnotations = new Set(["deployment.kubernetes.io/revision"]);
const kept = new Set(["name", "namespace", "labels", "annotations", "finalizers", "ownerReferences"]);

/** The object without what the cluster and controllers write into it by themselves. */
export function intentOf(object: KubeObject): Readonly<Record<string, unknown>> {
  const { status: _status, metadata, ...rest } = object;
  const meta = Object.entries(metadata).filter(([name, value]) => kept.has(name) && value !== undefined);
  const annotations = Object.entries(metadata.annotations ?? {}).filter(
    ([name]) => !ownAnnotations.has(name) && !countedAnnotations.has(name),
  );
  const own = Object.fromEntries(meta.filter(([name]) => name !== "annotations"));
  return {
    ...rest,
    metadata: annotations.length === 0 ? own : { ...own, annotations: Object.fromEntries(annotations) },
  };
}

/** The same for the same intent, whoever has counted or reported in between. */
export function digestOf(object: KubeObject, sha256: Sha256): string {
  return sha256(canonicalJson(intentOf(object)));
}

export function isSecret(object: Pick<KubeObject, "apiVersion" | "kind">): boolean {
  return object.kind === "Secret" && groupOf(object.apiVersion) === "";
}

/** From what is there (undefined: nothing) to what is to be. Values of Secrets are never shown. */
export function diffObjects(before: KubeObject | undefined, after: KubeObject): readonly FieldChange[] {
  const changes: FieldChange[] = [];
  walk({ path: "", before: before === undefined ? undefined : intentOf(before), after: intentOf(after) }, changes);
  if (!isSecret(after)) return changes;
  return changes.map((change) =>
    /^\.(data|stringData)\b/.test(change.path) || change.path === "" ? hidden(change) : change,
  );
}

function hidden({ path, before, after }: FieldChange): FieldChange {
  return {
    path,
    ...(before === undefined ? {} : { before: sealed }),
    ...(after === undefined ? {} : { after: sealed }),
  };
}

function walk({ path, before, after }: FieldChange, changes: FieldChange[]): void {
  if (canonicalJson(before) === canonicalJson(after)) return;
  const [left, right] = [asRecord(before), asRecord(after)];
  if (right !== undefined && (left !== undefined || before === undefined)) {
    for (const name of new Set([...Object.keys(left ?? {}), ...Object.keys(right)])) {
      walk(
        {
          path: `${path}.${/^[\w-]+$/.test(name) ? name : JSON.stringify(name)}`,
          before: left?.[name],
          after: right[name],
        },
        changes,
      );
    }
    return;
  }
  const [leftNamed, rightNamed] = [named(before), named(after)];
  if (leftNamed !== undefined && rightNamed !== undefined) {
    for (const name of new Set([...leftNamed.keys(), ...rightNamed.keys()])) {
      walk({ path: `${path}[name=${name}]`, before: leftNamed.get(name), after: rightNamed.get(name) }, changes);
    }
    return;
  }
  changes.push({ path, ...(before === undefined ? {} : { before }), ...(after === undefined ? {} : { after }) });
}

/** The items of a list by their names; undefined where they have none, or the same. */
function named(value: unknown): ReadonlyMap<string, unknown> | undefined {
  if (!Array.isArray(value)) return undefined;
  const items = new Map<string, unknown>();
  for (const item of value as readonly unknown[]) {
    const name = asRecord(item)?.["name"];
    if (typeof name !== "string" || items.has(name)) return undefined;
    items.set(name, item);
  }
  return items;
}
