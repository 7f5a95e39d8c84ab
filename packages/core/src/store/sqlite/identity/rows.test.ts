import { expect, test } from "bun:test";
import { start } from "../../run-store.fixture.suite.ts";
import { toAccessToken, toPasskey, toRole, toUser } from "./rows.ts";

test("what a row has not, its record has no key for", () => {
  const none = { email: null, passwordHash: null, totpSecret: null, totpStep: null, signedInAt: null };
  const row = {
    id: "u1",
    name: "Ada",
    disabled: 1,
    roles: '["admin"]',
    recoveryCodes: "[]",
    createdAt: start,
    version: 1,
  };
  const user = toUser({ ...row, ...none });
  const lists = { roles: ["admin"], recoveryCodes: [] };
  expect(user).toStrictEqual({ id: "u1", name: "Ada", disabled: true, createdAt: start, version: 1, ...lists });
  expect(toUser({ ...row, ...none, disabled: 0 }).disabled).toBe(false);
  const role = toRole({ name: "r", about: null, grants: '[{"permission":"*"}]', updatedAt: start });
  expect(role).toStrictEqual({ name: "r", grants: [{ permission: "*" }], updatedAt: start });
});

test("lists and maps are read from their JSON", () => {
  const times = { createdAt: start, expiresAt: null, usedAt: 0, revokedAt: null };
  const token = { id: "t1", name: "n", prefix: "slu_", secretHash: "h", owner: null, role: null, ...times };
  expect(toAccessToken({ ...token, grants: "[]", limits: '{"state":["a*"]}' })).toMatchObject({
    limits: { state: ["a*"] },
    usedAt: 0,
  });
  const key = {
    id: "p",
    user: "u1",
    name: "n",
    publicKey: new Uint8Array([1]),
    counter: 0,
    createdAt: 0,
    usedAt: null,
  };
  expect(toPasskey({ ...key, transports: '["usb"]' }).transports).toEqual(["usb"]);
});
