// What sluice.config.ts says of builds.
import { afterEach, describe, expect, test } from "bun:test";
import { Rig, smallWorkspace, testFiles } from "../rig.suite.ts";
import { lineInProgram } from "./own-settings.ts";
import type { TaskDefinition } from "./package.ts";
import { readWorkspace } from "./workspace.ts";

const rigs: Rig[] = [];
afterEach(() => {
  for (const rig of rigs.splice(0)) rig.dispose();
});

const settingsOf = (builds: object) => ({
  file: "sluice.config.ts",
  text: `export default {\n  builds: ${JSON.stringify(builds, null, 2).replaceAll(/"(\w+)":/g, "$1:")},\n};\n`,
  value: { builds },
});

function definitionIn(builds: object): (id: string) => TaskDefinition | undefined {
  const rig = new Rig(smallWorkspace());
  rigs.push(rig);
  const read = readWorkspace(testFiles, rig.root, settingsOf(builds));
  if (!read.ok) throw new Error(read.error.message);
  const { packages, rules } = read.value;
  return (id) => {
    const [name = "", task = ""] = id.split("#");
    const pkg = packages.get(name);
    return pkg === undefined ? undefined : rules.definitionOf(pkg, task);
  };
}

describe("own settings", () => {
  test("stand over what other files say; what names a package counts for more", () => {
    const of = definitionIn({
      tasks: {
        build: { env: ["A"], retries: 2 },
        "l*#build": { retries: 1 },
        "app#dev": { command: "serve", readyWhen: { port: 3000 } },
      },
    });
    expect(of("app#build")).toMatchObject({ dependsOn: ["^build"], outputs: ["dist/**"], env: ["A"], retries: 2 });
    expect(of("lib#build")?.retries).toBe(1);
    expect(of("app#dev")).toMatchObject({
      persistent: true,
      cache: false,
      command: { text: "serve", folder: "packages/app" },
    });
    expect(of("lib#dev")).toBeUndefined();
  });

  test("decide about builds", async () => {
    const rig = new Rig(smallWorkspace());
    rigs.push(rig);
    const settings = settingsOf({
      tasks: { build: { outputs: ["made/**"], command: "mkdir -p made && pwd > made/where" } },
    });
    const built = await rig.build({ settings });
    expect(built.executed).toEqual(["lib#build", "app#build"]);
    expect((await rig.build({ settings })).executed).toEqual([]);
    expect((await rig.build()).executed).toEqual(["lib#build", "app#build"]);
  });

  test.each([
    [{ task: {} }, /^sluice\.config\.ts:3: builds\.task is not known here/],
    [{ tasks: { build: { retry: 1 } } }, /^sluice\.config\.ts:5: builds\.tasks\.build\.retry is not known here/],
    [
      { tasks: { build: { retries: 99 } } },
      /^sluice\.config\.ts:5: builds\.tasks\.build\.retries is no whole number from 0 to 10/,
    ],
    [
      { tasks: { dev: { readyWhen: { line: "(" } } } },
      /^sluice\.config\.ts:6: builds\.tasks\.dev\.readyWhen\.line is no regular expression/,
    ],
    [{ tasks: { dev: { readyWhen: { url: "x" } } } }, /builds\.tasks\.dev\.readyWhen\.url is no URL/],
    [{ tasks: { dev: { persistent: false, readyWhen: {} } } }, /readyWhen is for tasks that are persistent/],
  ])("that are wrong are named with file, line and key: %j", (builds, message) => {
    expect(() => definitionIn(builds)).toThrow(message);
  });

  test("have lines as far as keys are written out", () => {
    expect(lineInProgram('a: 1,\nb: { "c": 2,\n  d: 3 }', ["b", "d"])).toBe(3);
    expect(lineInProgram("make()", ["b"])).toBeUndefined();
  });
});
