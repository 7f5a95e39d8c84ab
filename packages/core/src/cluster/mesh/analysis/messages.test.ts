// Messages: what a finding says of itself.
import { expect, test } from "bun:test";
import { service } from "./fixture.suite.ts";
import { finding } from "./messages.ts";

test("a finding has the code's name and level, and says what it is about", () => {
  expect(finding("IST0130", service("web"), { message: "m", path: "spec" })).toEqual({
    code: "IST0130",
    name: "VirtualServiceUnreachableRule",
    level: "warning",
    resource: "Service shop/web",
    namespace: "shop",
    message: "m",
    path: "spec",
  });
  expect(finding("IST0142", undefined, "m")).toMatchObject({ resource: "cluster", namespace: "", path: undefined });
});
