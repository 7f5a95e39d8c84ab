// Files that describe workspaces, and what is said of those that are wrong.
import { describe, expect, test } from "bun:test";
import { testFiles } from "../rig.suite.ts";
import { ConfigFault, ConfigValue, plainJson, readJsonFile, readYamlFile } from "./config-file.ts";

function fileOf(text: string): typeof testFiles {
  return { ...testFiles, readText: () => text };
}

function said(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    if (error instanceof ConfigFault) return error.message;
    throw error;
  }
  return "nothing";
}

describe("a JSON file", () => {
  test("may have comments and commas at the end, and texts that look like them", () => {
    const text = '{\n  // a comment\n  "a": "http://x", /* more\n */ "b": [1, 2,],\n  "c": ",}",\n}';
    expect(JSON.parse(plainJson(text))).toEqual({ a: "http://x", b: [1, 2], c: ",}" });
    expect(readJsonFile(fileOf(text), "/x", "x.json")?.value).toEqual({ a: "http://x", b: [1, 2], c: ",}" });
  });

  test("that is none is named with its line", () => {
    expect(said(() => readJsonFile(fileOf('{\n  "a": 1,\n  "b": }\n'), "/x", "turbo.json"))).toMatch(
      /^turbo\.json:[34]: is not JSON: /,
    );
    expect(said(() => readJsonFile(fileOf("[]"), "/x", "turbo.json"))).toBe("turbo.json:1: is not an object.");
  });

  test("that is not there is undefined", () => {
    expect(readJsonFile({ ...testFiles, readText: () => undefined }, "/x", "x")).toBeUndefined();
  });
});

describe("a value", () => {
  const text = '{\n  "tasks": {\n    "build": {\n      "cache": "yes",\n      "outputs": ["dist", 3]\n    }\n  }\n}';
  const value = new ConfigValue({ file: "turbo.json", text, value: JSON.parse(text) });

  test.each([
    [
      "a flag",
      () => value.at("tasks").at("build").at("cache").flag(),
      "turbo.json:4: tasks.build.cache is neither true nor false.",
    ],
    [
      "a text in a list",
      () => value.at("tasks").at("build").at("outputs").texts(),
      "turbo.json:5: tasks.build.outputs.1 is not a text.",
    ],
    ["a list", () => value.at("tasks").texts(), "turbo.json:2: tasks is not a list of texts."],
    [
      "an object",
      () => value.at("tasks").at("build").at("cache").keys(),
      "turbo.json:4: tasks.build.cache is not an object.",
    ],
    ["a known key", () => value.knowing(["task"]), "turbo.json:2: tasks is not known here. Known are task."],
    [
      "one of a few words",
      () => value.at("tasks").at("build").at("cache").word(["on", "off"]),
      'turbo.json:4: tasks.build.cache is "yes"; it may be on, off.',
    ],
  ])("that is not %s is named with file, line and key", (_what, act, message) => {
    expect(said(act)).toBe(message);
  });

  test("that is not there is undefined, and what every object has is not taken for a key", () => {
    expect(value.at("nothing").texts()).toBeUndefined();
    expect(value.at("constructor").isThere).toBe(false);
  });
});

test("a YAML file is read, and one that is none named with its line", () => {
  expect(readYamlFile(fileOf("packages:\n  - apps/*\n"), "/x", "pnpm-workspace.yaml")?.at("packages").texts()).toEqual([
    "apps/*",
  ]);
  expect(said(() => readYamlFile(fileOf("packages:\n  - 'a\n"), "/x", "pnpm-workspace.yaml"))).toMatch(
    /^pnpm-workspace\.yaml:\d+: is not YAML/,
  );
});
