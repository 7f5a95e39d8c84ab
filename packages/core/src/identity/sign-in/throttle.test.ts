import { describe, expect, test } from "bun:test";
import { SimulatedClock } from "../../testing/simulated-clock.ts";
import { start } from "../identity.fixture.suite.ts";
import { Throttle, networkOf } from "./throttle.ts";
import type { Attempt, ThrottleLimits } from "./throttle.ts";

const limits: ThrottleLimits = {
  accountFailuresFree: 3,
  addressFailuresFree: 6,
  signInDelayMs: 1_000,
  accountDelayMsMax: 60_000,
  addressDelayMsMax: 900_000,
  failuresForgottenMs: 3_600_000,
  throttleEntriesMax: 100,
};

function guarded(more: Partial<ThrottleLimits> = {}) {
  const clock = new SimulatedClock(start);
  const throttle = new Throttle(clock, { ...limits, ...more });
  /** How long one has to wait; 0 when the attempt was let through, which then counts as failed. */
  const tryFrom = (account: string, address?: string): number => {
    const admission = throttle.admit(account, address);
    return admission.admitted ? 0 : admission.retryAfterMs;
  };
  const admit = (account: string, address?: string): Attempt => {
    const admission = throttle.admit(account, address);
    if (!admission.admitted) throw new Error(`Has to wait ${admission.retryAfterMs} ms.`);
    return admission.attempt;
  };
  return { admit, clock, throttle, tryFrom };
}

describe("failures of an account", () => {
  test("cost waiting after the free ones, twice as long each time up to the most", () => {
    const { clock, tryFrom } = guarded();
    for (let n = 0; n < 4; n++) expect(tryFrom("ada")).toBe(0);
    const waits: number[] = [];
    for (let n = 0; n < 8; n++) {
      const wait = tryFrom("ada");
      waits.push(wait);
      clock.advance(wait - 1);
      expect(tryFrom("ada")).toBe(1);
      clock.advance(1);
      expect(tryFrom("ada")).toBe(0);
    }
    expect(waits).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]);
  });

  test("are those of the name in whatever spelling, and of nobody else", () => {
    const { tryFrom } = guarded();
    for (let n = 0; n < 4; n++) tryFrom(n % 2 === 0 ? "Ada" : "ADA");
    expect(tryFrom("ada")).toBe(1_000);
    expect(tryFrom("bob")).toBe(0);
  });

  test("are forgotten after a success, or when there was none for long", () => {
    const { admit, clock, tryFrom } = guarded();
    for (let n = 0; n < 3; n++) tryFrom("ada");
    admit("ada").succeeded();
    for (let n = 0; n < 4; n++) expect(tryFrom("ada")).toBe(0);
    expect(tryFrom("ada")).toBe(1_000);
    clock.advance(3_600_000);
    for (let n = 0; n < 4; n++) expect(tryFrom("ada")).toBe(0);
  });

  test("count before it is known that they are: many at once are not all free", () => {
    const { throttle } = guarded();
    const admitted = Array.from({ length: 100 }, () => throttle.admit("ada", "192.0.2.1")).filter(
      (each) => each.admitted,
    );
    expect(admitted).toHaveLength(4);
  });
});

test("an attempt that neither failed nor went well leaves everything as it was", () => {
  const { admit, clock, tryFrom } = guarded();
  for (let n = 0; n < 4; n++) tryFrom("ada", "192.0.2.1");
  clock.advance(1_000);
  for (let n = 0; n < 20; n++) {
    const attempt = admit("ada", "192.0.2.1");
    attempt.undecided();
    attempt.undecided();
  }
  expect(tryFrom("ada", "192.0.2.1")).toBe(0);
  expect(tryFrom("ada", "192.0.2.1")).toBe(2_000);
});

describe("failures from an address", () => {
  test("cost waiting whatever the account, and no success of one's own account clears them", () => {
    const { admit, clock, tryFrom } = guarded();
    for (let n = 0; n < 6; n++) expect(tryFrom(`user${n}`, "192.0.2.1")).toBe(0);
    admit("mallory", "192.0.2.1").succeeded();
    expect(tryFrom("user7", "192.0.2.1")).toBe(0);
    expect(tryFrom("user8", "192.0.2.1")).toBe(1_000);
    expect(tryFrom("user8", "192.0.2.2")).toBe(0);
    clock.advance(1_000);
    expect(tryFrom("user9", "192.0.2.1")).toBe(0);
    expect(tryFrom("user9", "192.0.2.1")).toBe(2_000);
  });

  test("are those of its network", () => {
    const { tryFrom } = guarded();
    for (let n = 0; n < 7; n++) tryFrom(`user${n}`, `2001:db8:1:2::${n}`);
    expect(tryFrom("other", "2001:db8:1:2:ffff::1")).toBe(1_000);
    expect(tryFrom("other", "2001:db8:1:3::1")).toBe(0);
  });
});

test("only the first refusal since an attempt is worth noting", () => {
  const { clock, throttle } = guarded();
  const firsts = (count: number) =>
    Array.from({ length: count }, () => throttle.admit("ada", undefined)).map((each) => !each.admitted && each.first);
  expect(firsts(7)).toEqual([false, false, false, false, true, false, false]);
  clock.advance(1_000);
  expect(firsts(3)).toEqual([false, true, false]);
});

test("not more is kept than the limit says: who failed longest ago is forgotten", () => {
  const { tryFrom } = guarded({ throttleEntriesMax: 10 });
  for (let n = 0; n < 4; n++) tryFrom("ada");
  for (let n = 0; n < 9; n++) tryFrom(`user${n}`);
  expect(tryFrom("ada")).toBe(1_000);
  tryFrom("one more");
  expect(tryFrom("ada")).toBe(0);
});

test.each([
  ["192.0.2.1", "192.0.2.1"],
  ["::ffff:192.0.2.1", "192.0.2.1"],
  ["2001:DB8:1:2:3:4:5:6", "2001:db8:1:2"],
  ["2001:0db8:0001:0002::1", "2001:db8:1:2"],
  ["2001:db8::1", "2001:db8:0:0"],
  ["::1", "0:0:0:0"],
  ["fe80::1%eth0", "fe80:0:0:0"],
  ["1:2:3:4:5:6:7::", "1:2:3:4"],
])("the network of %s is %s", (address, network) => {
  expect(networkOf(address)).toBe(network);
});
