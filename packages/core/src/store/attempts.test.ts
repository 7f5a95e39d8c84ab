import { expect, test } from "bun:test";
import { decodeErrorValue, encodeErrorValue } from "@sluice/protocol";
import { encodeBlobRef } from "../kernel/blob-ref.ts";
import { attemptErrorBytesMax, errorMessageOf, keptError } from "./attempts.ts";

test("errors are kept as they are up to a size, and cut past it", () => {
  const small = encodeErrorValue({ name: "E", message: "m", stack: "s", code: "c" });
  expect(keptError(small)).toBe(small);
  const reference = encodeBlobRef("ab".repeat(32));
  expect(keptError(reference)).toBe(reference);
  const stack = "s".repeat(attemptErrorBytesMax);
  const cut = keptError(encodeErrorValue({ name: "E", message: "short", stack, code: "c" }));
  expect(decodeErrorValue(cut)).toEqual({ name: "E", message: "short", code: "c" });
  // Half of a pair at the cut would be no text.
  const message = `${"x".repeat(1_023)}😀${"y".repeat(attemptErrorBytesMax)}`;
  const long = keptError(encodeErrorValue({ name: "n".repeat(9_000), message }));
  expect(long.length).toBeLessThan(attemptErrorBytesMax);
  expect(decodeErrorValue(long).message.isWellFormed()).toBe(true);
});

test("what an error says is told where it is at hand", () => {
  expect(errorMessageOf(encodeErrorValue({ name: "E", message: "no answer" }))).toBe("no answer");
  expect(errorMessageOf(encodeBlobRef("ab".repeat(32)))).toBeUndefined();
  expect(errorMessageOf(undefined)).toBeUndefined();
});
