// Why a task had to be executed, in words.
import { describe, expect, test } from "bun:test";
import type { KeyParts } from "../hash/task-key.ts";
import { changeText, explain, keyChanges } from "./explain.ts";

const parts: KeyParts = {
  global: { platform: "linux x64", tools: { node: "20" }, files: { "tsconfig.json": "1" }, env: { CI: "1" } },
  command: "tsc",
  args: [],
  definition: { outputs: "[]" },
  files: { "src/a.ts": "1", "src/b.ts": "1" },
  env: { A: "1" },
  external: "1",
  upstream: { "lib#build": "1" },
};

describe("a change", () => {
  const said: readonly [string, Partial<KeyParts>][] = [
    ["the file src/a.ts changed", { files: { ...parts.files, "src/a.ts": "2" } }],
    ["the file src/c.ts is new", { files: { ...parts.files, "src/c.ts": "1" } }],
    ["the file src/b.ts is gone", { files: { "src/a.ts": "1" } }],
    ["the variable A changed", { env: { A: "2" } }],
    ["the variable CI is gone", { global: { ...parts.global, env: {} } }],
    ["the file tsconfig.json changed", { global: { ...parts.global, files: { "tsconfig.json": "2" } } }],
    ["the tool node (20 → 22) changed", { global: { ...parts.global, tools: { node: "22" } } }],
    ["the tool the system (linux x64 → linux arm64) changed", { global: { ...parts.global, platform: "linux arm64" } }],
    ["its script changed", { command: "tsc -b" }],
    ["the arguments behind -- changed", { args: ["-v"] }],
    ["in its definition: outputs changed", { definition: { outputs: '["dist/**"]' } }],
    ["what the lockfile has for this package changed", { external: "2" }],
    ["what came of lib#build changed", { upstream: { "lib#build": "2" } }],
  ];
  test.each(said)("is said as: %s", (text, change) => {
    expect(keyChanges(parts, { ...parts, ...change }).map(changeText)).toEqual([text]);
  });

  test("that there is none of is not said", () => {
    expect(keyChanges(parts, structuredClone(parts))).toEqual([]);
  });
});

describe("an explanation", () => {
  const now = { key: "now", parts: { ...parts, env: { A: "3" } } };

  test("compares with the earlier key that differs least", () => {
    const far = { key: "far", atMs: 3, parts: { ...parts, command: "x", external: "x" } };
    const near = { key: "near", atMs: 1, parts };
    expect(explain("a#build", now, [far, near])).toMatchObject({
      comparedWithMs: 1,
      changes: [{ kind: "variable", name: "A", how: "changed" }],
    });
  });

  test("has nothing to compare with where there was none", () => {
    expect(explain("a#build", now, [{ key: "now", atMs: 1, parts }])).toEqual({
      task: "a#build",
      hash: "now",
      comparedWithMs: null,
      changes: [],
    });
  });
});
