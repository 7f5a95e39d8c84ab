import { describe, expect, test } from "bun:test";
import type { KubeObject } from "../objects.ts";
import { sha256 } from "../memory-ports.suite.ts";
import { diffObjects, digestOf, epochAnnotation, intentOf, isSecret } from "./diff.ts";

const deployment = (image: string, meta: object = {}): KubeObject => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "web", namespace: "shop", ...meta },
  spec: {
    replicas: 2,
    template: {
      spec: {
        containers: [
          { name: "web", image },
          { name: "log", image: "l" },
        ],
      },
    },
  },
});

describe("a diff", () => {
  test("names the field, through lists by name", () => {
    expect(diffObjects(deployment("a"), deployment("b"))).toEqual([
      { path: ".spec.template.spec.containers[name=web].image", before: "a", after: "b" },
    ]);
  });

  test("shows what comes and what goes", () => {
    const before = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "a" }, data: { x: "1", "a.b": "2" } };
    const after = { ...before, data: { x: "1", y: "3" } };
    expect(diffObjects(before, after)).toEqual([
      { path: '.data."a.b"', before: "2" },
      { path: ".data.y", after: "3" },
    ]);
    expect(diffObjects(undefined, after).map(({ path }) => path)).toContain(".data.x");
    const lists = (items: unknown) => ({ ...before, data: { items } }) as KubeObject;
    expect(diffObjects(lists([1, 2]), lists([1, 3]))).toEqual([{ path: ".data.items", before: [1, 2], after: [1, 3] }]);
    const twice = [{ name: "a" }, { name: "a", x: 1 }];
    expect(diffObjects(lists(twice), lists([{ name: "a" }]))).toEqual([
      { path: ".data.items", before: twice, after: [{ name: "a" }] },
    ]);
  });

  test("leaves out what the cluster writes by itself, and what we do", () => {
    const noise = {
      uid: "u",
      resourceVersion: "9",
      generation: 3,
      managedFields: [],
      annotations: { [epochAnnotation]: "4", "deployment.kubernetes.io/revision": "7" },
    };
    expect(diffObjects(deployment("a"), { ...deployment("a", noise), status: { replicas: 2 } })).toEqual([]);
    expect(intentOf(deployment("a", noise))).toEqual(deployment("a"));
  });

  test("never shows a value of a Secret, old or new", () => {
    const secret = (data: object): KubeObject => ({
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "s" },
      type: "Opaque",
      data,
    });
    const changes = diffObjects(secret({ a: "b2xk", gone: "eA==" }), secret({ a: "bmV3", more: "eQ==" }));
    expect(changes).toEqual([
      { path: ".data.a", before: "(secret)", after: "(secret)" },
      { path: ".data.gone", before: "(secret)" },
      { path: ".data.more", after: "(secret)" },
    ]);
    expect(JSON.stringify(diffObjects(undefined, secret({ a: "bmV3" })))).not.toContain("bmV3");
    expect([isSecret(secret({})), isSecret({ apiVersion: "x/v1", kind: "Secret" })]).toEqual([true, false]);
  });
});

test("the digest is that of the intent", () => {
  expect(digestOf(deployment("a", { resourceVersion: "1" }), sha256)).toBe(
    digestOf(deployment("a", { generation: 7 }), sha256),
  );
  expect(digestOf(deployment("a"), sha256)).not.toBe(digestOf(deployment("b"), sha256));
  expect(digestOf(deployment("a"), sha256)).not.toBe(digestOf(deployment("a", { labels: { x: "y" } }), sha256));
});
