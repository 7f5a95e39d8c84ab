import { expect, test } from "bun:test";
import { lokiLabels } from "./labels.ts";

test.each([
  ["{}", {}],
  ['{service="api"}', { service: "api" }],
  ['{ a = "1" , b="x\\"y\\n", c=`raw\\`, }', { a: "1", b: 'x"y\n', c: "raw\\" }],
])("%s are labels", (text, expected) => expect({ ...lokiLabels(text) }).toEqual(expected));

test.each([["a=1"], ["{a=1}"], ['{a="1" b="2"}'], ['{1a="x"}'], ['{a="x}'], ["{,}"]])("%s are none", (text) => {
  expect(() => lokiLabels(text)).toThrow("are no labels");
});
