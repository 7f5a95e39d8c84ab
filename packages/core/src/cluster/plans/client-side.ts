// Fields that `kubectl apply` owned without server-side apply become the component's: as long as the old owner has them too, what is
// taken out of a manifest stays in the cluster (kubernetes#99003). Source of the procedure: client-go, `csaupgrade`.
import { asRecord } from "../objects.ts";
import type { JsonObject, KubeObject, ManagedFields } from "../objects.ts";

const clientSide = new Set(["kubectl-client-side-apply", "kubectl", "before-first-apply"]);

function isClientSide({ manager, operation, subresource = "" }: ManagedFields): boolean {
  return clientSide.has(manager) && operation === "Update" && subresource === "";
}

/** Managers whose fields are taken over. */
export function isOldManager(manager: string): boolean {
  return clientSide.has(manager);
}

/** The managed fields with those of client-side apply given to `manager`; undefined where there is nothing to do. */
export function migrated(object: KubeObject, manager: string): readonly ManagedFields[] | undefined {
  const fields = object.metadata.managedFields ?? [];
  const old = fields.filter(isClientSide);
  if (old.length === 0) return undefined;
  const own = fields.find((each) => each.manager === manager && each.operation === "Apply");
  const first = own ?? { ...(old[0] as ManagedFields), manager, operation: "Apply" as const };
  const union = old.reduce<JsonObject>((all, each) => merged(all, each.fieldsV1 ?? {}), own?.fieldsV1 ?? {});
  const rest = fields.filter((each) => !isClientSide(each) && each !== own);
  return [...rest, { ...first, fieldsV1: union }];
}

/** The patch that does it, on condition that nobody has written in between. */
export function migrationPatch(object: KubeObject, fields: readonly ManagedFields[]): readonly object[] {
  return [
    { op: "replace", path: "/metadata/managedFields", value: fields },
    { op: "replace", path: "/metadata/resourceVersion", value: object.metadata.resourceVersion },
  ];
}

function merged(left: JsonObject, right: JsonObject): JsonObject {
  const all: Record<string, JsonObject> = {};
  for (const name of new Set([...Object.keys(left), ...Object.keys(right)])) {
    const [a, b] = [asRecord(left[name]) as JsonObject | undefined, asRecord(right[name]) as JsonObject | undefined];
    all[name] = merged(a ?? {}, b ?? {});
  }
  return all;
}
