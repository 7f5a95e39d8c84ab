import { expect, test } from "bun:test";
import { identityDefaults } from "./settings.ts";

test("what needs a second party or a second factor is off", () => {
  expect(identityDefaults).toMatchObject({ totp: false, ci: [] });
  expect(identityDefaults.openid).toBeUndefined();
  expect(identityDefaults.passkeys).toBeUndefined();
});
