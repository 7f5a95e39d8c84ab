import { expect, test } from "bun:test";
import { sha256 } from "../memory-ports.suite.ts";
import type { KubeObject } from "../objects.ts";
import { withoutSecrets, withSecrets } from "./secret-values.ts";

const secret = (value: string): KubeObject => ({
  apiVersion: "v1",
  kind: "Secret",
  metadata: { name: "s", namespace: "n" },
  stringData: { p: value },
  type: "Opaque",
});
const map: KubeObject = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "m" }, data: { p: "shown" } };

test("values are taken out and come back as they were, and only those of Secrets", () => {
  const separated = withoutSecrets([secret("hunter2"), map], { salt: "s", sha256 });
  expect(JSON.stringify(separated.objects)).not.toContain("hunter2");
  expect(JSON.stringify(separated.objects)).toContain("shown");
  expect(separated.objects.map((object) => withSecrets(object, separated.secrets))).toEqual([secret("hunter2"), map]);
});

test("the digest changes with a value, and cannot be guessed without the salt", () => {
  const digest = (value: string, salt: string) => withoutSecrets([secret(value)], { salt, sha256 }).digest;
  expect(digest("a", "s")).toBe(digest("a", "s"));
  expect(digest("a", "s")).not.toBe(digest("b", "s"));
  expect(digest("a", "s")).not.toBe(digest("a", "t"));
});

test("without its values a Secret is not written at all", () => {
  expect(() => withSecrets(secret("(secret)"), undefined)).toThrow("values of Secret n/s");
});
