// Which packages depend on which.
import { expect, test } from "bun:test";
import { packageOf } from "./fixture.suite.ts";
import { closure, packageGraph } from "./package-graph.ts";

const graphOf = (...packages: ReturnType<typeof packageOf>[]): ReturnType<typeof packageGraph> =>
  packageGraph(new Map(packages.map((pkg) => [pkg.name, pkg])));

test("packages depend on each other by name, both ways known", () => {
  const graph = graphOf(packageOf("app", ["b", "a", "react"]), packageOf("a"), packageOf("b", ["a"]));
  expect(graph.dependencies.get("app")).toEqual(["a", "b"]);
  expect(graph.dependents.get("a")).toEqual(["app", "b"]);
  expect([...closure(["a"], graph.dependents)].toSorted()).toEqual(["a", "app", "b"]);
});

test.each([
  ["^1.0.0", true],
  ["workspace:*", true],
  ["workspace:^", true],
  ["file:../a", true],
  ["catalog:", true],
  ["^2.0.0", false],
  ["npm:other@1.0.0", false],
])("a range %s means the package of the workspace: %p", (range, isOwn) => {
  const graph = graphOf({ ...packageOf("app"), dependencies: { a: range } }, packageOf("a"));
  expect(graph.dependencies.get("app")).toEqual(isOwn ? ["a"] : []);
});
