// How a recorded error looks to clients, whatever the transport.
import { describe, expect, test } from "bun:test";
import { decodeErrorValue, encodeError, toErrorValue, wireErrorOf } from "./error-value.ts";

test("a recorded error keeps its class, its cause and a program's own code in its details, and its stack inside", () => {
  const thrown = Object.assign(new TypeError("wrong", { cause: new RangeError("inside") }), {
    code: "EOWN",
    hint: "mend",
  });
  expect(wireErrorOf(toErrorValue(thrown))).toEqual({
    code: "step_failed",
    message: "wrong",
    hint: "mend",
    details: { name: "TypeError", code: "EOWN", cause: { name: "RangeError", message: "inside" } },
  });
});

test("only codes of the product are codes of the answer", () => {
  const coded = (code: string) => wireErrorOf({ name: "Error", message: "m", code });
  expect(coded("timeout")).toEqual({ code: "timeout", message: "m", details: { name: "Error" } });
  for (const code of ["toString", "constructor", "__proto__"]) {
    expect(coded(code)).toEqual({ code: "step_failed", message: "m", details: { name: "Error", code } });
  }
});

describe("what throws when it is looked at is recorded all the same", () => {
  const no = (): never => {
    throw new Error("no");
  };
  const own = (key: string, property: PropertyDescriptor) => Object.defineProperty(new Error("own"), key, property);
  test.each<[string, unknown]>([
    ["a proxy", new Proxy({}, { get: no, ownKeys: no, getPrototypeOf: no })],
    ["a getter for the message", own("message", { get: no })],
    ["a getter for the cause", own("cause", { get: no })],
    ["a function for a message", own("message", { value: no })],
    ["a function for a name", own("name", { value: no })],
    ["a function for a stack", own("stack", { value: no })],
  ])("%s", (_what, thrown) => {
    const { name, message } = decodeErrorValue(encodeError(thrown));
    expect([name, message]).toEqual(["Error", expect.any(String)]);
  });
});
