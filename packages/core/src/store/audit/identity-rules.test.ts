import { expect, test } from "bun:test";
import { outside } from "../audit-log.fixture.suite.ts";
import { newSession } from "../identity-store.fixture.suite.ts";
import { start } from "../run-store.fixture.suite.ts";
import type { AuditSight } from "./audit-rule.ts";
import { identityRules } from "./identity-rules.ts";

const sight = { session: () => newSession("s1", { user: "u7" }), user: () => undefined } as unknown as AuditSight;

test("a session that was ended is put down to its user, many sessions to their number", () => {
  const end = (p: { session?: string; user?: string }) =>
    identityRules.endSessions({ by: outside, why: "disabled", now: start, ...p }, sight);
  expect(end({ session: "s1" })(["s1"])).toMatchObject({ after: { user: "u7", ended: 1, sessions: ["s1"] } });
  const many = Array.from({ length: 101 }, (_, i) => `s${i}`);
  expect(end({ user: "u1" })(many)).toMatchObject({ target: "user:u1", after: { user: "u1", ended: 101 } });
  expect(JSON.stringify(end({ user: "u1" })(many))).not.toContain("s100");
});

test("a change of a user shows what it is about and nothing else of them", () => {
  const user = { id: "u1", name: "Ada", email: "a@b.c", roles: ["admin"], disabled: false, recoveryCodes: ["x"] };
  const whole = { ...user, createdAt: start, version: 2, passwordHash: "$argon2id$secret" };
  const p = { by: outside, user: "u1", change: { disabled: false, signedInAt: start }, now: start };
  const row = identityRules.updateUser(p, { ...sight, user: () => whole })({ outcome: "ok", user: whole });
  expect(row).toMatchObject({ before: { disabled: false, version: 2 }, after: { disabled: false, version: 2 } });
  expect(JSON.stringify(row)).not.toMatch(/argon2id|a@b\.c|Ada/);
});
