// What a build would do, in Turborepo's shape. A slow test holds it against turbo itself.
import { expect, test } from "bun:test";
import { Rig, smallWorkspace } from "../rig.suite.ts";
import { dryRun } from "./dry-run.ts";

test("each task is there with its inputs from its package on, what it depends on, and whether it is a hit", async () => {
  const rig = new Rig(smallWorkspace());
  const plan = await rig.plan();
  const hit = {
    id: "lib#build",
    status: "completed",
    cache: "hit",
    hash: "h",
    gives: "g",
    durationMs: 0,
    savedMs: 7,
    exitCode: null,
    why: null,
  } as const;
  const shown = dryRun({
    plan,
    env: { SECRET: "s" },
    head: { sha: "abc", branch: "main" },
    hits: new Map([["lib#build", hit]]),
    id: "local_1",
    args: [],
  });
  plan.records.close();
  rig.dispose();
  expect(shown).toMatchObject({
    monorepo: true,
    packages: ["app", "lib"],
    scm: { type: "git", sha: "abc", branch: "main" },
    tasks: [
      {
        taskId: "app#build",
        directory: "packages/app",
        dependencies: ["lib#build"],
        dependents: [],
        cache: { status: "MISS" },
        outputs: ["dist/**"],
        excludedOutputs: null,
      },
      {
        taskId: "lib#build",
        hash: "h",
        cache: { local: true, status: "HIT", timeSaved: 7 },
        dependents: ["app#build"],
      },
    ],
  });
  const [app] = (shown as { readonly tasks: readonly { readonly inputs: object }[] }).tasks;
  expect(Object.keys(app?.inputs ?? {})).toEqual(["package.json", "src/b.js"]);
  expect(JSON.stringify(shown)).not.toContain("SECRET");
});
