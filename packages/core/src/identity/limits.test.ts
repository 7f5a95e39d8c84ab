import { expect, test } from "bun:test";
import { identityLimits } from "./limits.ts";

test("limits fit each other", () => {
  const l = identityLimits;
  expect(l.accessTokenMs).toBeLessThan(l.refreshTokenMs);
  expect(l.refreshTokenMs).toBeLessThanOrEqual(l.programSessionMsMax);
  expect(l.sessionIdleMs).toBeLessThan(l.sessionMsMax);
  expect(l.touchMs).toBeLessThan(l.sessionIdleMs);
  expect(l.accessTokenMs).toBeLessThan(l.signingKeyMs);
  expect(l.refreshGraceMs).toBe(10_000);
  expect(l.ticketMs).toBe(30_000);
  expect(l.passwordCharsMin).toBeGreaterThanOrEqual(8);
  expect(Object.values(l).every((value) => Number.isSafeInteger(value) && value > 0)).toBe(true);
});
