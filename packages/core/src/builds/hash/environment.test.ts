// Which variables reach a task, and which its key knows.
import { expect, test } from "bun:test";
import { plainDefinition } from "../graph/fixture.suite.ts";
import { environmentOf, hashedVariables, variablesOf } from "./environment.ts";

const env = {
  PATH: "/bin",
  HOME: "/h",
  A: "1",
  AB: "2",
  B: "3",
  SECRET: "s",
  GLOBAL: "g",
  PASSED: "p",
  NONE: undefined,
};
const global = { files: [], env: ["GLOBAL"], passThroughEnv: [], envMode: "strict" } as const;

test("patterns mean names, and take some away", () => {
  expect(variablesOf(env, ["A*", "!AB"])).toEqual([["A", "1"]]);
  expect(variablesOf(env, ["A.", "N*"])).toEqual([]);
});

test("a strict task gets what is declared and what programs need; a loose one gets all", () => {
  const definition = { ...plainDefinition, env: ["A"], passThroughEnv: ["PASSED"] };
  expect(environmentOf(env, { mode: "strict", global, definition })).toEqual({
    PATH: "/bin",
    HOME: "/h",
    A: "1",
    GLOBAL: "g",
    PASSED: "p",
  });
  expect(environmentOf(env, { mode: "loose", global, definition })).toMatchObject({ SECRET: "s" });
});

test("keys know digests of values, and what changes every program", () => {
  const hashed = hashedVariables({ ...env, NODE_OPTIONS: "--x" }, ["SECRET"]);
  expect(Object.keys(hashed)).toEqual(["NODE_OPTIONS", "SECRET"]);
  expect(JSON.stringify(hashed)).not.toContain('"s"');
  expect(hashed).not.toEqual(hashedVariables({ ...env, NODE_OPTIONS: "--y" }, ["SECRET"]));
});
