// Tasks, with everything they depend on.
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { TaskDefinition } from "../workspace/package.ts";
import { packageOf, workspaceOf } from "./fixture.suite.ts";
import { packageGraph } from "./package-graph.ts";
import { findCycle, taskGraph } from "./task-graph.ts";

const packages = [
  packageOf("app", ["lib"]),
  packageOf("lib", ["base"], {}),
  packageOf("base", [], { build: "x", test: "y" }),
];

function graphOf(
  rules: Readonly<Record<string, Partial<TaskDefinition>>>,
  tasks: readonly string[],
  of?: ReadonlySet<string>,
  only = false,
) {
  const workspace = workspaceOf(packages, rules);
  const graph = packageGraph(workspace.packages);
  return taskGraph(workspace, graph, { tasks, packages: of ?? new Set(workspace.packages.keys()), only });
}

function idsOf(result: ReturnType<typeof graphOf>): readonly string[] {
  if (!result.ok) throw new Error(result.error.message);
  return [...result.value.tasks.keys()];
}

describe("the task graph", () => {
  test("has each task after what it depends on, also through a package without the script", () => {
    const result = graphOf({ build: { dependsOn: ["^build"] } }, ["build"], new Set(["app"]));
    expect(idsOf(result)).toEqual(["base#build", "lib#build", "app#build"]);
    if (!result.ok) return;
    expect(result.value.tasks.get("lib#build")).toMatchObject({ script: undefined, dependencies: ["base#build"] });
    expect(result.value.dependents.get("base#build")).toEqual(["lib#build"]);
  });

  test("has only what was asked for where that is wanted", () => {
    expect(idsOf(graphOf({ build: { dependsOn: ["^build"] } }, ["build"], new Set(["app"]), true))).toEqual([
      "app#build",
    ]);
  });

  test("knows tasks of the same package, and of one that is named", () => {
    const rules = { build: {}, test: { dependsOn: ["build", "app#build"] } };
    expect(idsOf(graphOf(rules, ["base#test"]))).toEqual(["app#build", "base#build", "base#test"]);
  });

  test("takes along what is to be started with a task", () => {
    expect(idsOf(graphOf({ build: { with: ["base#test"] }, test: {} }, ["app#build"]))).toEqual([
      "app#build",
      "base#test",
    ]);
  });

  test("names the tasks of a cycle", () => {
    const result = graphOf({ build: { dependsOn: ["test"] }, test: { dependsOn: ["^build", "build"] } }, ["app#build"]);
    expect(result).toMatchObject({
      ok: false,
      error: {
        code: "invalid_config",
        message: expect.stringMatching(/Tasks wait for each other: (.+) → (.+) → \1\./),
      },
    });
  });

  test.each([
    [{ build: {} }, "deploy", "There is no task deploy: no script and no rule has this name."],
    [
      { build: { dependsOn: ["gone#build"] } },
      "build",
      "app#build depends on gone#build, and there is no such package.",
    ],
    [
      { build: { dependsOn: ["^build"], persistent: true } },
      "build",
      "lib#build depends on base#build, which is persistent and never ends.",
    ],
  ])("refuses %j for %s", (rules, task, message) => {
    expect(graphOf(rules, [task])).toMatchObject({ ok: false, error: { code: "invalid_config", message } });
  });
});

test("a cycle is found wherever there is one, and nowhere else", () => {
  const nodes = ["a", "b", "c", "d", "e"];
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.constantFrom(...nodes), fc.constantFrom(...nodes)), { maxLength: 10 }),
      (pairs) => {
        const edges = new Map(nodes.map((node) => [node, pairs.filter(([from]) => from === node).map(([, to]) => to)]));
        const cycle = findCycle(edges);
        if (cycle !== undefined)
          return (
            cycle.length > 1 &&
            cycle[0] === cycle.at(-1) &&
            cycle.slice(1).every((to, at) => edges.get(cycle[at] ?? "")?.includes(to))
          );
        // Without one, taking away what nothing is left of ends with nothing.
        const left = new Set(nodes);
        for (let isLess = true; isLess;) {
          isLess = false;
          for (const node of left) if ((edges.get(node) ?? []).every((to) => !left.has(to))) isLess = left.delete(node);
        }
        return left.size === 0;
      },
    ),
  );
});
