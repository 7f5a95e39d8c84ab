// The key of a task: whatever changes in one of its parts changes it, and nothing else does.
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { packageOf, plainDefinition } from "../graph/fixture.suite.ts";
import type { TaskNode } from "../graph/task-graph.ts";
import { definitionParts, keyOf } from "./task-key.ts";
import type { KeyParts } from "./task-key.ts";

const record = fc.dictionary(fc.string(), fc.string(), { maxKeys: 4 });
const partsOf: fc.Arbitrary<KeyParts> = fc.record({
  global: fc.record({ platform: fc.string(), tools: record, files: record, env: record }),
  command: fc.string(),
  args: fc.array(fc.string(), { maxLength: 3 }),
  definition: record,
  files: record,
  env: record,
  external: fc.string(),
  upstream: record,
});

/** With the keys of records in another order: the same for whoever reads it. */
function shuffled(value: unknown): unknown {
  if (value === null || typeof value !== "object") return value;
  if (Array.isArray(value)) return value.map(shuffled);
  return Object.fromEntries(
    Object.entries(value)
      .toReversed()
      .map(([key, inner]) => [key, shuffled(inner)]),
  );
}

describe("the key of a task", () => {
  test("is the same for the same parts, in whatever order they come", () => {
    fc.assert(
      fc.property(fc.string(), partsOf, (id, parts) => keyOf(id, parts) === keyOf(id, shuffled(parts) as KeyParts)),
    );
  });

  test("is another where any two of them differ", () => {
    fc.assert(
      fc.property(partsOf, partsOf, (a, b) => Bun.deepEquals(a, b) === (keyOf("t", a) === keyOf("t", b))),
      { numRuns: 300 },
    );
  });

  test("is another where one entry of one record is changed, added or taken away", () => {
    const names = ["definition", "files", "env", "upstream"] as const;
    fc.assert(
      fc.property(partsOf, fc.constantFrom(...names), fc.string(), fc.string(), (parts, name, key, value) => {
        const changed: KeyParts = { ...parts, [name]: { ...parts[name], [key]: value } };
        return (parts[name][key] === value) === (keyOf("t", parts) === keyOf("t", changed));
      }),
    );
    fc.assert(
      fc.property(
        partsOf,
        fc.constantFrom("tools", "files", "env"),
        fc.string(),
        fc.string(),
        (parts, name, key, value) => {
          const changed: KeyParts = {
            ...parts,
            global: { ...parts.global, [name]: { ...parts.global[name as "env"], [key]: value } },
          };
          return (parts.global[name as "env"][key] === value) === (keyOf("t", parts) === keyOf("t", changed));
        },
      ),
    );
  });

  test("is 64 characters of SHA-256", () => {
    const [parts] = fc.sample(partsOf, 1);
    expect(keyOf("a", parts as KeyParts)).toMatch(/^[0-9a-f]{64}$/);
  });
});

test("what of a definition decides about a result is in it, what is only shown is not", () => {
  const node: TaskNode = {
    id: "a#build",
    task: "build",
    package: packageOf("a"),
    definition: plainDefinition,
    script: "true",
    dependencies: [],
  };
  const of = (change: object): object => definitionParts({ ...node, definition: { ...plainDefinition, ...change } });
  expect(of({ outputs: ["dist/**"] })).not.toEqual(of({}));
  expect(of({ env: ["A"] })).not.toEqual(of({}));
  expect(of({ inputs: ["src/**"] })).not.toEqual(of({}));
  expect(of({ outputLogs: "none", passThroughEnv: ["A"] })).toEqual(of({}));
});
