import { expect, test } from "bun:test";
import { accessOf } from "./grants.ts";
import { principalOf } from "./principal.ts";

const access = accessOf([{ permission: "run:read", only: ["a/*"] }, { permission: "user:read" }]);

test("a principal says what may be done, on what, and by whom it was asked from where", () => {
  const principal = principalOf(
    {
      kind: "token",
      actor: { kind: "token", id: "tkn_1" },
      name: "ci",
      user: { id: "usr_1", name: "ada" },
      token: "tkn_1",
      limits: { cache: ["pr-17"] },
      access,
      epoch: 3,
    },
    { address: "192.0.2.1", agent: "x" },
  );
  expect(principal.actor).toEqual({
    kind: "token",
    id: "tkn_1",
    origin: { name: "ci", address: "192.0.2.1", token: "tkn_1" },
  });
  expect(principal).toMatchObject({ kind: "token", user: { id: "usr_1" }, token: "tkn_1", epoch: 3 });
  expect([principal.may("run:read"), principal.may("run:start")]).toEqual([true, false]);
  expect([principal.allows("run:read", "a/b"), principal.allows("run:read", "b")]).toEqual([true, false]);
  expect(principal.patterns("run:read")).toEqual(["a/*"]);
  expect(principal.patterns("user:read")).toBeUndefined();
  expect(principal.patterns("run:start")).toEqual([]);
  expect(principal.narrowed("cache")).toEqual(["pr-17"]);
  expect(principal.narrowed("tenant")).toBeUndefined();
  expect(principal.grants()).toHaveLength(2);
});

test("what is not known of the caller is not in the origin", () => {
  const facts = { kind: "local", actor: { kind: "user", id: "local" }, access, epoch: 0 } as const;
  expect(principalOf(facts, {}).actor).toEqual({ kind: "user", id: "local", origin: {} });
  expect(principalOf(facts, {}).limits).toEqual({});
});
