import { expect, test } from "bun:test";
import { outside } from "../audit-log.fixture.suite.ts";
import { start } from "../run-store.fixture.suite.ts";
import type { AuditSight } from "./audit-rule.ts";
import { secretRules } from "./secret-rules.ts";

const sight = {} as unknown as AuditSight;

test("a row about a secret holds neither what was sealed nor how long it is", () => {
  const sealed = new TextEncoder().encode("sealed bytes");
  const p = { by: outside, name: "a", sealed, key: "k1", secretsMax: 1, now: start };
  expect(secretRules.putSecret(p, sight)({ outcome: "ok", version: 3 })).toEqual({
    at: start,
    action: "secret:write",
    target: "secret:a",
    outcome: "done",
    after: { version: 3 },
  });
  expect(secretRules.putSecret(p, sight)({ outcome: "full" })).toMatchObject({
    outcome: "refused",
    reason: "secrets_full",
  });
});

test("a new key is one row, however many secrets it is for", () => {
  const secrets = [{ name: "a", version: 1, sealed: Uint8Array.of(1) }];
  const row = secretRules.resealSecrets({ by: outside, key: "k2", secrets, now: start }, sight)({ resealed: 1 });
  expect(row).toEqual({
    at: start,
    action: "secret:rotate",
    target: "secret:*",
    outcome: "done",
    after: { key: "k2", resealed: 1 },
  });
});
