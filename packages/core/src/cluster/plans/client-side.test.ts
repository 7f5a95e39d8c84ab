import { expect, test } from "bun:test";
import type { KubeObject, ManagedFields } from "../objects.ts";
import { isOldManager, migrated, migrationPatch } from "./client-side.ts";

const object = (...managedFields: ManagedFields[]): KubeObject => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name: "a", resourceVersion: "7", managedFields },
});
const old = {
  manager: "kubectl-client-side-apply",
  operation: "Update",
  apiVersion: "v1",
  fieldsV1: { "f:data": { "f:a": {} } },
} as const;
const own = {
  manager: "sluice/web",
  operation: "Apply",
  apiVersion: "v1",
  fieldsV1: { "f:data": { "f:b": {} } },
} as const;
const status = {
  manager: "kubectl",
  operation: "Update",
  subresource: "status",
  fieldsV1: { "f:status": {} },
} as const;

test("kubernetes#99003: fields of client-side apply become the component's", () => {
  expect(migrated(object(old, status), "sluice/web")).toEqual([
    status,
    { ...old, manager: "sluice/web", operation: "Apply" },
  ]);
  expect(migrated(object(own, old), "sluice/web")).toEqual([
    { ...own, fieldsV1: { "f:data": { "f:a": {}, "f:b": {} } } },
  ]);
  expect([isOldManager("kubectl-client-side-apply"), isOldManager("helm")]).toEqual([true, false]);
});

test("where nobody applied on the client, nothing is done", () => {
  expect(migrated(object(own, status), "sluice/web")).toBeUndefined();
  expect(migrated(object(), "sluice/web")).toBeUndefined();
});

test("the patch is refused when somebody wrote in between", () => {
  expect(migrationPatch(object(), [own])).toContainEqual({
    op: "replace",
    path: "/metadata/resourceVersion",
    value: "7",
  });
});
