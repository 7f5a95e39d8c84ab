import { expect, test } from "bun:test";
import { SluiceError } from "@sluice/protocol";
import { attempt, fail, guarded, ok, unwrap } from "./result.ts";

const full = { code: "queue_full", message: "full", hint: "wait", details: { length: 1 } } as const;

test("a value is unwrapped, a failure thrown with everything it says", () => {
  expect(unwrap(ok(1))).toBe(1);
  expect(() => unwrap(fail(full))).toThrow(SluiceError);
  try {
    unwrap(fail(full));
  } catch (error) {
    expect(error).toMatchObject(full);
  }
});

test("attempt turns operating failures into values and lets bugs pass", async () => {
  expect(await attempt(async () => 1)).toEqual(ok(1));
  expect(await attempt(() => Promise.reject(new SluiceError(full)))).toEqual(fail(full));
  expect(attempt(() => Promise.reject(new TypeError("a bug")))).rejects.toThrow("a bug");
});

test("guarded does not wrap a result in a result", async () => {
  expect(await guarded(async () => ok(1))).toEqual(ok(1));
  expect(await guarded(async () => fail(full))).toEqual(fail(full));
  expect(await guarded(() => Promise.reject(new SluiceError(full)))).toEqual(fail(full));
  expect(guarded(() => Promise.reject(new TypeError("a bug")))).rejects.toThrow("a bug");
});
