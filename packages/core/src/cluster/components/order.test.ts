import { expect, test } from "bun:test";
import { bootstrapOrder } from "./order.ts";

const of = (name: string, ...dependsOn: string[]) => ({ name, dependsOn });
const names = (all: Parameters<typeof bootstrapOrder>[0], wanted?: readonly string[]) => {
  const order = bootstrapOrder(all, wanted);
  return order.ok ? order.value.map(({ name }) => name) : order.error;
};

test("components come up behind what they stand on, with nothing that is not asked for", () => {
  const all = [of("web", "db", "mesh"), of("db", "mesh"), of("mesh"), of("other")];
  expect(names(all)).toEqual(["mesh", "db", "web", "other"]);
  expect(names(all, ["db"])).toEqual(["mesh", "db"]);
  expect(names(all, ["db", "web", "db"])).toEqual(["mesh", "db", "web"]);
  expect(names([], undefined)).toEqual([]);
});

test("a circle is named, and so is what is not there", () => {
  expect(names([of("a", "b"), of("b", "c"), of("c", "b")])).toMatchObject({
    code: "invalid_component",
    message: expect.stringContaining("b, c, b"),
  });
  expect(names([of("a", "none")])).toMatchObject({
    code: "component_not_found",
    message: expect.stringContaining("on which a stands"),
  });
  expect(names([of("a")], ["b"])).toMatchObject({ code: "component_not_found" });
});
