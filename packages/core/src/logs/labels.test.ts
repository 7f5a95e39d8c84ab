import { expect, test } from "bun:test";
import { labelsOf, streamKey } from "./labels.ts";

test("labels in another order are the same stream; other labels are another", () => {
  expect(streamKey({ b: "1", a: "2" })).toBe(streamKey({ a: "2", b: "1" }));
  expect(streamKey({ a: "1", b: "" })).not.toBe(streamKey({ a: "1" }));
  expect(streamKey({ a: '","b":"' })).not.toBe(streamKey({ a: "", b: "" }));
  expect(labelsOf(streamKey({ b: "1", a: 'x"=' }))).toEqual({ a: 'x"=', b: "1" });
});
