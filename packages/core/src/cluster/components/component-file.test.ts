import { expect, test } from "bun:test";
import { parseComponent } from "./component-file.ts";

test("what a file leaves out is filled in", () => {
  expect(parseComponent("web.yaml", "name: web\ncluster: main\nmanifests: [web]\n")).toEqual({
    ok: true,
    value: {
      name: "web",
      cluster: "main",
      manifests: ["web"],
      dependsOn: [],
      namespace: "default",
      health: { timeoutMs: 300_000 },
      prune: { enabled: true, maxPercent: 50, allow: [] },
      policy: { approval: "other", protectedKinds: [], force: [], windows: [] },
    },
  });
});

test.each([
  ["name: web\ncluster: [", 2, "Flow sequence"],
  ["name: web\ncluster: main\nmanifests: []\n", 3, "manifests"],
  ["name: Web\ncluster: main\nmanifests: [a]\n", 1, "name"],
  ["name: web\ncluster: main\nmanifests: [a]\npolicy:\n  aproval: none\n", 5, "aproval"],
  ["name: web\ncluster: main\nmanifests: [a]\nprune:\n  enabled: true\n  maxPercent: 400\n", 6, "prune.maxPercent"],
  ["", 1, "name"],
])("%j is refused with line %d", (text, line, message) => {
  const refused = parseComponent("web.yaml", text);
  expect(refused).toMatchObject({
    ok: false,
    error: { code: "invalid_component", message: expect.stringContaining(message) },
  });
  const problems = (refused as { error: { details: { problems: { line: number }[] } } }).error.details.problems;
  expect(problems.map((each) => each.line)).toContain(line);
});

test("the example of the documents is one", async () => {
  const page = await Bun.file(new URL("../../../../../docs/cluster.md", import.meta.url)).text();
  const [, text = ""] = /```yaml\n([\s\S]*?)```/.exec(page) ?? [];
  expect(parseComponent("web.yaml", text)).toMatchObject({
    ok: true,
    value: { name: "web", policy: { windows: [{ from: "09:00" }] } },
  });
});
