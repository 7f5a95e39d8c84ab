import { expect, test } from "bun:test";
import { at, canonicalJson, groupOf, keyOf, listAt, numberAt, refOf, textAt, versionOf } from "./objects.ts";

test("an object is known by group, kind, namespace and name, whatever its version", () => {
  const deployment = { kind: "Deployment", metadata: { name: "web", namespace: "shop" } };
  const [v1, beta] = [
    { ...deployment, apiVersion: "apps/v1" },
    { ...deployment, apiVersion: "apps/v1beta1" },
  ];
  expect(keyOf(refOf(v1))).toBe("Deployment.apps shop/web");
  expect(keyOf(refOf(beta))).toBe(keyOf(refOf(v1)));
  expect(keyOf(refOf({ apiVersion: "v1", kind: "Namespace", metadata: { name: "shop" } }))).toBe("Namespace shop");
  expect([groupOf("v1"), versionOf("v1"), versionOf("apps/v1beta1")]).toEqual(["", "v1", "v1beta1"]);
});

test("looking into what nobody has checked never throws", () => {
  const value = { a: { b: [1], n: 2, t: "x" } };
  expect([at(value, "a", "b"), numberAt(value, "a", "n"), textAt(value, "a", "t")]).toEqual([[1], 2, "x"]);
  expect([at(value, "a", "b", "c"), numberAt(value, "a", "t"), textAt(null, "a"), listAt(value, "a", "n")]).toEqual([
    undefined,
    undefined,
    undefined,
    [],
  ]);
});

test("canonical JSON is the same for the same content, in whatever order it was written", () => {
  expect(canonicalJson({ b: [1, { d: null, c: "x" }], a: undefined })).toBe('{"b":[1,{"c":"x","d":null}]}');
  expect(canonicalJson({ a: 1, b: 2 })).toBe(canonicalJson({ b: 2, a: 1 }));
  expect(canonicalJson([1, 2])).not.toBe(canonicalJson([2, 1]));
});
