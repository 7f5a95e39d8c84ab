import { expect, test } from "bun:test";
import { conflictsOf, isExpired, refusalOf, timedOut, unreachable } from "./refusals.ts";

test.each([
  [400, "cluster_rejected"],
  [401, "cluster_denied"],
  [403, "cluster_denied"],
  [404, "object_not_found"],
  [409, "cluster_conflict"],
  [410, "cluster_conflict"],
  [422, "cluster_rejected"],
  [429, "cluster_busy"],
  [500, "cluster_unreachable"],
  [503, "cluster_busy"],
  [504, "cluster_timeout"],
] as const)("status %d is %s, with the cluster's own words", (status, code) => {
  expect(refusalOf(status, { message: "because", reason: "Why" })).toMatchObject({
    code,
    message: expect.stringContaining("because"),
  });
  expect(refusalOf(status, undefined).message).not.toBe("");
});

test("an immutable field is named, and so is who owns a field", () => {
  const invalid = { message: "no", details: { causes: [{ field: "spec.selector", message: "field is immutable" }] } };
  expect(refusalOf(422, invalid).details).toMatchObject({ fields: ["spec.selector"] });
  const body = {
    details: {
      causes: [
        { reason: "FieldManagerConflict", message: 'conflict with "helm" using apps/v1', field: ".spec.replicas" },
        { reason: "Other", field: ".x" },
      ],
    },
  };
  expect(conflictsOf(body)).toEqual([{ field: ".spec.replicas", manager: "helm" }]);
  expect(refusalOf(409, body).details).toMatchObject({ conflicts: [{ manager: "helm" }] });
});

test("a version that is too old is told from other conflicts", () => {
  expect(isExpired(refusalOf(410, {}))).toBe(true);
  expect(isExpired(refusalOf(409, {}))).toBe(false);
});

test("no answer is told from a late one, and a certificate from a network", () => {
  const network = unreachable("https://c", Object.assign(new Error("refused"), { code: "ECONNREFUSED" }));
  expect(network).toMatchObject({ code: "cluster_unreachable", details: { reason: "ECONNREFUSED" } });
  expect(network.hint).toContain("network");
  expect(unreachable("https://c", new Error("certificate has expired")).hint).toContain("certificate");
  expect(timedOut("https://c", 5)).toMatchObject({ code: "cluster_timeout", message: expect.stringContaining("5 ms") });
});
