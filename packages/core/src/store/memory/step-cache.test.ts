import { expect, test } from "bun:test";
import { value } from "./fixture.suite.ts";
import { StepCache } from "./step-cache.ts";

test("what has expired goes first, then what would be the first to", () => {
  const cache = new StepCache();
  for (let i = 0; i < 4; i++) {
    const at = { scope: "global", step: "s", key: `k${i}`, value: value(i), createdAt: 0, run: "r", hits: 0 };
    cache.rows.set(`k${i}`, { ...at, expiresAt: 10 - i });
  }
  expect(cache.sweep(0, 4, 9)).toBe(0);
  expect(cache.sweep(8, 0, 9)).toBe(2);
  expect([...cache.rows.keys()]).toEqual(["k0", "k1"]);
  expect(cache.sweep(0, 1, 9)).toBe(1);
  expect([...cache.rows.keys()]).toEqual(["k0"]);
  expect(cache.get("k0", 9)).toBeDefined();
  expect(cache.get("k0", 10)).toBeUndefined();
});
