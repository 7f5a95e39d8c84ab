// How a recorded error looks to clients, whatever the transport.
import { expect, test } from "bun:test";
import { toErrorValue, wireErrorOf } from "./error-value.ts";

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
