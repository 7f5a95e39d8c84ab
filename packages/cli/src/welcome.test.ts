// What is said when a server is ready, and the sample inputs in it.
import { describe, expect, test } from "bun:test";
import type { WorkflowManifest } from "@sluice/protocol";
import { span, table } from "./table.ts";
import { sampleOf, welcome } from "./welcome.ts";

const order: WorkflowManifest = {
  name: "order",
  validates: true,
  triggers: [{ type: "webhook", path: "/orders", method: "POST" }],
  schema: {
    type: "object",
    properties: { id: { type: "string" }, total: { type: "number", minimum: 5 }, note: { type: "string" } },
    required: ["id", "total"],
  },
};

describe("the welcome", () => {
  const facts = {
    url: "http://127.0.0.1:7890",
    setUpUrl: undefined,
    project: "examples/quickstart",
    elapsedMs: 99,
    version: "0.1.0",
    argv: ["bun", "/x/dist/main.js"],
  };

  test("has commands that can be pasted as they are", () => {
    const lines = welcome({ ...facts, workflows: [order] });
    expect(lines).toContain("Sluice 0.1.0 is ready at http://127.0.0.1:7890 (99 ms)");
    expect(lines).toContain(
      `  npx sluice run order --input '{"id":"text","total":5}' --watch --project examples/quickstart`,
    );
    expect(lines).toContain(
      `  curl -X POST http://127.0.0.1:7890/hooks/orders -H 'content-type: application/json' -d '{"id":"text","total":5}'`,
    );
  });

  test("names no webhook that would refuse what can be pasted", () => {
    const hook = { type: "webhook", path: "/shops/:shop", method: "POST" } as const;
    for (const trigger of [
      hook,
      { ...hook, path: "/all/*" },
      { ...hook, path: "/orders", calls: true },
      { ...hook, path: "/orders", headers: [{ name: "x-source" }] },
      { ...hook, path: "/orders", input: "raw" as const },
    ]) {
      const lines = welcome({ ...facts, workflows: [{ ...order, triggers: [trigger] }] });
      expect([trigger.path, lines.filter((line) => line.includes("curl"))]).toEqual([trigger.path, []]);
    }
  });

  test("says what to do where there are no workflows, and leaves the project out in its own folder", () => {
    const lines = welcome({ ...facts, project: "", workflows: [] });
    expect(lines).toContain("Workflows: none yet: add a file to workflows/");
    expect(lines).toContain("  npx sluice runs list");
  });
});

describe("a sample of a schema", () => {
  test.each([
    [{ examples: [{ a: 1 }], type: "object" }, { a: 1 }],
    [{ default: "x", type: "string" }, "x"],
    [{ enum: ["eu", "us"] }, "eu"],
    [{ const: 7 }, 7],
    [{ anyOf: [{ type: "null" }, { type: "string" }] }, null],
    [{ type: "array", items: { type: "integer" } }, [1]],
    [{ type: "string", format: "email" }, "ada@example.com"],
    [{ type: "boolean" }, true],
    [true, {}],
    [undefined, {}],
  ])("%j", (schema, sample) => {
    expect(sampleOf(schema)).toEqual(sample);
  });

  test("of one that contains itself ends", () => {
    const schema: Record<string, unknown> = { type: "array" };
    schema["items"] = schema;
    expect(JSON.stringify(sampleOf(schema)).length).toBeLessThan(100);
  });
});

test("columns line up, also with wide characters", () => {
  expect(
    table(
      ["A", "B"],
      [
        ["東京", "1"],
        ["x", "22"],
      ],
    ),
  ).toEqual(["A     B", "東京  1", "x     22"]);
});

test.each([
  [12.4, "12 ms"],
  [1_500, "1.5 s"],
  [302_000, "5 min 2 s"],
  [7_500_000, "2 h 5 min"],
  [273_600_000, "3 d 4 h"],
])("%d ms is %s", (ms, text) => {
  expect(span(ms)).toBe(text);
});
