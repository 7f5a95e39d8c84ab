import { describe, expect, test } from "bun:test";
import { builtInRoles, permissions } from "@sluice/protocol";
import type { Grant, Permission } from "@sluice/protocol";
import fc from "fast-check";
import { codeOf, good } from "../identity.fixture.suite.ts";
import { accessOf, everything, normalizeGrants, normalizeLimits, uniteAccess } from "./grants.ts";

const all = Object.keys(permissions) as Permission[];
const shells = all.filter((permission) => "shell" in permissions[permission]);

const anyGrant: fc.Arbitrary<Grant> = fc.record(
  {
    permission: fc.constantFrom(...all, "run:*", "state:*", "*"),
    only: fc.array(fc.constantFrom("a/*", "a/b", "*b", "x"), { minLength: 1, maxLength: 2 }),
  },
  { requiredKeys: ["permission"] },
);
const anyGrants = fc.array(anyGrant, { maxLength: 5 });
const anyPermission = fc.constantFrom(...all);
const anyValue = fc.constantFrom("a/b", "a/c", "b", "x", "y");

describe("grants", () => {
  test("name one permission, all of a noun, or everything", () => {
    expect(accessOf([{ permission: "run:read" }]).may("run:read")).toBe(true);
    expect(accessOf([{ permission: "run:read" }]).may("run:start")).toBe(false);
    expect(accessOf([{ permission: "run:*" }]).may("run:fork")).toBe(true);
    expect(accessOf([{ permission: "run:*" }]).may("user:read")).toBe(false);
    expect(all.every((permission) => accessOf([{ permission: "*" }], true).may(permission))).toBe(true);
  });

  test("that lead to a shell are had by the role admin alone, however they are worded", () => {
    expect(shells.length).toBeGreaterThan(0);
    for (const shell of shells) {
      const noun = `${shell.slice(0, shell.indexOf(":"))}:*`;
      for (const permission of ["*", noun, shell]) {
        expect(accessOf([{ permission }]).may(shell)).toBe(false);
      }
      expect(accessOf(builtInRoles.admin, true).may(shell)).toBe(true);
    }
  });

  test("that are narrowed allow what fits one of the patterns", () => {
    const access = accessOf([
      { permission: "run:read", only: ["billing/*"] },
      { permission: "run:read", only: ["shop"] },
    ]);
    expect(access.patterns("run:read")).toEqual(["billing/*", "shop"]);
    expect(access.allows("run:read", "billing/invoice")).toBe(true);
    expect(access.allows("run:read", "shop")).toBe(true);
    expect(access.allows("run:read", "shop/a")).toBe(false);
    expect(access.allows("run:start", "shop")).toBe(false);
    expect(access.patterns("run:start")).toEqual([]);
  });

  test("that are narrowed where nothing narrows give nothing", () => {
    expect(accessOf([{ permission: "user:read", only: ["*"] }]).may("user:read")).toBe(false);
    const mixed = accessOf([{ permission: "*", only: ["a"] }]);
    expect(mixed.may("user:read")).toBe(false);
    expect(mixed.patterns("run:read")).toEqual(["a"]);
  });

  test("come back as grants that mean the same", () => {
    fc.assert(
      fc.property(anyGrants, anyPermission, anyValue, (grants, permission, value) => {
        const access = accessOf(grants);
        expect(accessOf(access.grants()).allows(permission, value)).toBe(access.allows(permission, value));
      }),
    );
    expect(everything.grants()).toEqual([{ permission: "*" }]);
  });
});

describe("access", () => {
  test("within another is what both allow", () => {
    fc.assert(
      fc.property(anyGrants, anyGrants, fc.tuple(anyPermission, anyValue), (a, b, [permission, value]) => {
        const both = accessOf(a).within(accessOf(b));
        expect(both.allows(permission, value)).toBe(
          accessOf(a).allows(permission, value) && accessOf(b).allows(permission, value),
        );
        if (both.may(permission)) expect(accessOf(a).may(permission) && accessOf(b).may(permission)).toBe(true);
      }),
    );
  });

  test("of several roles is what one of them allows", () => {
    fc.assert(
      fc.property(anyGrants, anyGrants, fc.tuple(anyPermission, anyValue), (a, b, [permission, value]) => {
        expect(uniteAccess([accessOf(a), accessOf(b)]).allows(permission, value)).toBe(
          accessOf(a).allows(permission, value) || accessOf(b).allows(permission, value),
        );
      }),
    );
  });

  test("is narrowed by limits for the selector of each permission", () => {
    const access = accessOf(builtInRoles.operator).limitedTo({ workflow: ["a/*"], state: ["ci/*"] });
    expect(access.patterns("run:start")).toEqual(["a/*"]);
    expect(access.patterns("approval:decide")).toEqual(["a/*"]);
    expect(access.patterns("state:read")).toEqual(["ci/*"]);
    expect(access.patterns("event:read")).toBeUndefined();
    expect(access.may("metric:read")).toBe(true);
    expect(access.limitedTo({ workflow: ["b/*"] }).may("run:start")).toBe(false);
  });

  test("lacks what it does not hold wholly", () => {
    const narrow = accessOf([{ permission: "run:read", only: ["a/*"] }]);
    expect(narrow.lacks(accessOf([{ permission: "run:read", only: ["a/b"] }]))).toBeUndefined();
    expect(narrow.lacks(accessOf([{ permission: "run:read" }]))).toBe("run:read");
    expect(narrow.lacks(accessOf([{ permission: "run:start", only: ["a/b"] }]))).toBe("run:start");
    expect(everything.lacks(accessOf(builtInRoles.admin, true))).toBeUndefined();
    expect(accessOf([{ permission: "*" }]).lacks(everything)).toBe(shells[0]);
  });

  test("that lacks nothing of another allows all that it does", () => {
    fc.assert(
      fc.property(anyGrants, anyGrants, fc.tuple(anyPermission, anyValue), (a, b, [permission, value]) => {
        if (accessOf(a).lacks(accessOf(b)) !== undefined || !accessOf(b).allows(permission, value)) return;
        expect(accessOf(a).allows(permission, value)).toBe(true);
      }),
    );
  });
});

describe("grants as they are kept", () => {
  test.each<[Grant, string]>([
    [{ permission: "run:explode" }, "invalid_input"],
    [{ permission: "nobody:*" }, "invalid_input"],
    [{ permission: "run" }, "invalid_input"],
    [{ permission: "constructor" }, "invalid_input"],
    [{ permission: "user:read", only: ["a"] }, "invalid_input"],
    [{ permission: "*", only: ["a"] }, "invalid_input"],
    [{ permission: "run:read", only: [] }, "invalid_input"],
    [{ permission: "backup:create" }, "forbidden"],
    [{ permission: "backup:*" }, "forbidden"],
    [{ permission: "run:read", only: ["*a".repeat(9)] }, "invalid_input"],
    [{ permission: "run:*", only: ["a"] }, "ok"],
    [{ permission: "*" }, "ok"],
  ])("%p: %p", (grant, code) => {
    expect(codeOf(normalizeGrants([{ permission: "run:read" }, grant]))).toBe(code as "ok");
  });

  test("have a star behind a pattern that ends in a slash", () => {
    expect(good(normalizeGrants([{ permission: "run:read", only: ["ci/", "x"] }]))).toEqual([
      { permission: "run:read", only: ["ci/*", "x"] },
    ]);
    expect(good(normalizeLimits({ state: ["ci/"], cache: ["pr-17"] }))).toEqual({ state: ["ci/*"], cache: ["pr-17"] });
    expect(codeOf(normalizeLimits({ state: ["*a".repeat(9)] }))).toBe("invalid_input");
  });
});
