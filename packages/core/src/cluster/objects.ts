// Kubernetes objects as plain JSON, what names them, and how to look into what nobody has checked.

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
export type JsonObject = { readonly [key: string]: Json };

export interface KubeObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: ObjectMeta;
  readonly [field: string]: unknown;
}

interface ObjectMeta {
  readonly name: string;
  readonly namespace?: string | undefined;
  readonly uid?: string | undefined;
  readonly resourceVersion?: string | undefined;
  readonly generation?: number | undefined;
  readonly deletionTimestamp?: string | undefined;
  readonly labels?: Readonly<Record<string, string>> | undefined;
  readonly annotations?: Readonly<Record<string, string>> | undefined;
  readonly managedFields?: readonly ManagedFields[] | undefined;
  readonly [field: string]: unknown;
}

/** One writer of an object and the fields it owns. */
export interface ManagedFields {
  readonly manager: string;
  readonly operation: "Apply" | "Update";
  readonly apiVersion?: string | undefined;
  readonly subresource?: string | undefined;
  readonly fieldsV1?: JsonObject | undefined;
  readonly [field: string]: unknown;
}

/** What an object is known by within a cluster, whatever version of its group it is written in. */
export interface ObjectRef {
  readonly group: string;
  readonly kind: string;
  /** Empty for what belongs to no namespace. */
  readonly namespace: string;
  readonly name: string;
}

/** The group of an `apiVersion`: empty for `v1`. */
export function groupOf(apiVersion: string): string {
  return apiVersion.includes("/") ? (apiVersion.split("/")[0] ?? "") : "";
}

/** The version within the group. */
export function versionOf(apiVersion: string): string {
  return apiVersion.split("/").at(-1) ?? "";
}

export function refOf(object: KubeObject): ObjectRef {
  const { name, namespace = "" } = object.metadata;
  return { group: groupOf(object.apiVersion), kind: object.kind, namespace, name };
}

/** `Deployment.apps shop/web`, `Namespace shop`. The same for the same object only. */
export function keyOf({ group, kind, namespace, name }: ObjectRef): string {
  const type = group === "" ? kind : `${kind}.${group}`;
  return `${type} ${namespace === "" ? name : `${namespace}/${name}`}`;
}

/** The value as an object with fields nobody knows; undefined for everything else. */
export function asRecord(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : undefined;
}

/** What is found by following the names; undefined where the way ends. */
export function at(value: unknown, ...path: readonly string[]): unknown {
  let found: unknown = value;
  for (const name of path) found = asRecord(found)?.[name];
  return found;
}

export function numberAt(value: unknown, ...path: readonly string[]): number | undefined {
  const found = at(value, ...path);
  return typeof found === "number" ? found : undefined;
}

export function textAt(value: unknown, ...path: readonly string[]): string | undefined {
  const found = at(value, ...path);
  return typeof found === "string" ? found : undefined;
}

export function listAt(value: unknown, ...path: readonly string[]): readonly unknown[] {
  const found = at(value, ...path);
  return Array.isArray(found) ? (found as readonly unknown[]) : [];
}

/** JSON with the fields of every object in order: the same text for the same content. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((item) => canonicalJson(item ?? null)).join(",")}]`;
  const record = asRecord(value);
  if (record === undefined) return JSON.stringify(value ?? null);
  const fields = Object.keys(record)
    .filter((name) => record[name] !== undefined)
    .toSorted();
  return `{${fields.map((name) => `${JSON.stringify(name)}:${canonicalJson(record[name])}`).join(",")}}`;
}
