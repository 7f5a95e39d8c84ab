// Workspaces whose files have names that tools stumble over, and tasks whose outputs overlap.
import { afterEach, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gitIn, Rig } from "./rig.suite.ts";

const rigs: Rig[] = [];
afterEach(() => {
  for (const rig of rigs.splice(0)) rig.dispose();
});

const names = [
  "-rf",
  "--help",
  "with space",
  "new\nline",
  "tab\t",
  'quote"s',
  "it's",
  "back\\slash",
  "$(touch x)",
  "`x`",
  "*",
  "?[a]{b,c}",
  "ünïcode",
  "u\u0308",
  "日本",
  "…",
  "a".repeat(200),
  "...",
  " ",
  "%2e%2e",
  "!not",
  "#hash",
];

describe("files with names that tools stumble over", () => {
  test.each([false, true])("are inputs and outputs like any other, with git: %p", async (hasGit) => {
    const rig = new Rig({
      "package.json": {
        name: "one",
        packageManager: "npm@10.2.0",
        scripts: { build: "mkdir -p dist && cp -R src/. dist/" },
      },
      "turbo.json": { tasks: { build: { outputs: ["dist/**"] } } },
      ".gitignore": "dist\n",
    });
    rigs.push(rig);
    mkdirSync(join(rig.root, "src"));
    for (const name of names) writeFileSync(join(rig.root, "src", name), name);
    if (hasGit) {
      gitIn(rig.root, "init", "-q");
      gitIn(rig.root, "add", ".");
    }
    expect((await rig.build()).executed).toEqual(["//#build"]);
    rmSync(join(rig.root, "dist"), { recursive: true });
    expect((await rig.build()).executed).toEqual([]);
    for (const name of names) expect(readFileSync(join(rig.root, "dist", name), "utf8")).toBe(name);
    for (const name of ["new\nline", "*", "…"]) {
      writeFileSync(join(rig.root, "src", name), "other");
      expect([name, (await rig.build()).executed]).toEqual([name, ["//#build"]]);
    }
    rmSync(join(rig.root, "src/new\nline"));
    await rig.build();
    expect([existsSync(join(rig.root, "dist/new\nline")), existsSync(join(rig.root, "dist/*"))]).toEqual([false, true]);
  });
});

describe("outputs that overlap", () => {
  const rigOf = (tasks: object, scripts: object): Rig => {
    const rig = new Rig({
      "package.json": { name: "one", packageManager: "npm@10.2.0", scripts },
      "turbo.json": { tasks },
      "src/a": "a\n",
      ".gitignore": "dist\n",
    });
    rigs.push(rig);
    return rig;
  };

  test("of one task are kept once", async () => {
    const outputs = ["dist/**", "dist/in/**", "dist", "./dist/in/a", "!dist/in/b"];
    const rig = rigOf(
      { build: { outputs } },
      { build: "mkdir -p dist/in && cp src/a dist/in/a && echo b > dist/in/b" },
    );
    await rig.build();
    const [result] = rig.cache.results.values();
    expect(result?.outputs.map(({ path }) => path)).toEqual(["dist/in/a"]);
    rmSync(join(rig.root, "dist"), { recursive: true });
    expect((await rig.build()).executed).toEqual([]);
    expect(readFileSync(join(rig.root, "dist/in/a"), "utf8")).toBe("a\n");
  });

  test("of two tasks are what the later of them left, executed or put back", async () => {
    const rig = rigOf(
      { build: { outputs: ["dist/**"] }, types: { dependsOn: ["build"], outputs: ["dist/types/**"] } },
      {
        build: "mkdir -p dist/types && cp src/a dist/a && echo stub > dist/types/a",
        types: "cat src/a src/a > dist/types/a",
      },
    );
    const left = (): readonly string[] =>
      ["dist/a", "dist/types/a"].map((path) => readFileSync(join(rig.root, path), "utf8"));
    const tasks = ["build", "types"];
    await rig.build({ tasks });
    expect(left()).toEqual(["a\n", "a\na\n"]);
    rmSync(join(rig.root, "dist"), { recursive: true });
    expect((await rig.build({ tasks })).executed).toEqual([]);
    expect(left()).toEqual(["a\n", "a\na\n"]);
    expect((await rig.build({ tasks })).executed).toEqual([]);
    expect(left()).toEqual(["a\n", "a\na\n"]);
    rig.write({ "src/a": "b\n" });
    await rig.build({ tasks });
    expect(left()).toEqual(["b\n", "b\nb\n"]);
    rig.write({ "src/a": "a\n" });
    expect((await rig.build({ tasks })).executed).toEqual([]);
    expect(left()).toEqual(["a\n", "a\na\n"]);
  });
});
