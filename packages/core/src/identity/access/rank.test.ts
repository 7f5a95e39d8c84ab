import { expect, test } from "bun:test";
import { builtInRoles } from "@sluice/protocol";
import { expectRefused } from "../identity.fixture.suite.ts";
import { accessOf, everything } from "./grants.ts";
import type { Access } from "./grants.ts";
import { principalOf } from "./principal.ts";
import { lackedBy } from "./rank.ts";

const having = (access: Access) =>
  principalOf({ kind: "session", actor: { kind: "user", id: "u" }, access, epoch: 0 }, {});

test("nobody gives what they lack", () => {
  const operator = having(accessOf(builtInRoles.operator));
  expect(lackedBy(operator, accessOf(builtInRoles.viewer), "give").ok).toBe(true);
  expectRefused(lackedBy(operator, accessOf(builtInRoles.developer), "give"), "forbidden", { permission: "run:fork" });
  const narrow = having(accessOf([{ permission: "run:read", only: ["a/*"] }]));
  expect(lackedBy(narrow, accessOf([{ permission: "run:read", only: ["a/b*"] }]), "give").ok).toBe(true);
  expectRefused(lackedBy(narrow, accessOf([{ permission: "run:read" }]), "give"), "forbidden");
});

test("a role with a star is not admin: what leads to a shell is lacking", () => {
  const nearly = having(accessOf([{ permission: "*" }]));
  expectRefused(lackedBy(nearly, everything, "give"), "forbidden", { permission: "backup:create" });
  expect(lackedBy(having(everything), everything, "give").ok).toBe(true);
  // An admin's token that is narrowed keeps what is not narrowed, also the shell.
  const limited = everything.limitedTo({ workflow: ["a/*"] });
  expect(lackedBy(having(limited), limited, "give").ok).toBe(true);
});
