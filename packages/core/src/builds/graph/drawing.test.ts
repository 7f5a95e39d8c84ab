// The task graph as others draw it.
import { expect, test } from "bun:test";
import { asDot, asHtml } from "./drawing.ts";
import { packageOf, workspaceOf } from "./fixture.suite.ts";
import { packageGraph } from "./package-graph.ts";
import { taskGraph } from "./task-graph.ts";

const workspace = workspaceOf([packageOf('a"<b>', ["c"]), packageOf("c")], { build: { dependsOn: ["^build"] } });
const made = taskGraph(workspace, packageGraph(workspace.packages), {
  tasks: ["build"],
  packages: new Set(workspace.packages.keys()),
});
if (!made.ok) throw new Error(made.error.message);
const graph = made.value;

test("for Graphviz each task is there, with arrows to what it depends on", () => {
  expect(asDot(graph)).toContain(String.raw`"a\"<b>#build" -> "c#build"`);
  expect(asDot(graph)).toStartWith("digraph {\n");
});

test("as a page names are text", () => {
  const page = asHtml(graph);
  expect(page).toContain("a&quot;&lt;b&gt;#build");
  expect(page.match(/<path /g)).toHaveLength(1);
  expect(page.match(/<rect /g)).toHaveLength(2);
});
