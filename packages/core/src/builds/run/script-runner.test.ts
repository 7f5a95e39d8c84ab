// What tasks do, what it took, and what is done where it fails.
import { afterEach, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { BuildRecords } from "../records/records.ts";
import { Rig } from "../rig.suite.ts";

const rigs: Rig[] = [];
afterEach(() => {
  for (const rig of rigs.splice(0)) rig.dispose();
});

function rigOf(
  build: string,
  settings: object = {},
): { readonly rig: Rig; readonly settings: { file: string; text: string; value: unknown } } {
  const rig = new Rig({
    "package.json": { name: "one", packageManager: "npm@10.2.0", scripts: { build } },
    ".gitignore": "tries\n",
  });
  rigs.push(rig);
  return { rig, settings: { file: "sluice.config.ts", text: "", value: { builds: { tasks: { build: settings } } } } };
}

const flaky = "echo x >> tries; echo try $(wc -l < tries); test $(wc -l < tries) -ge 3";

describe("a task that fails", () => {
  test("is done again as often as it may be; that it was flaky is recorded", async () => {
    const { rig, settings } = rigOf(flaky, { retries: 2 });
    const built = await rig.build({ settings });
    expect(built.of["//#build"]).toMatchObject({ status: "completed", attempts: 3 });
    expect(built.logs["//#build"]).toContain("//#build: it exited with code 1; it is done again\ntry 3\n");
    const records = new BuildRecords(join(rig.state, "builds.db"));
    expect(records.flakes("//#build")).toMatchObject([{ attempts: 3, why: "it exited with code 1" }]);
    records.close();
    // What is kept is the log of the time that succeeded.
    expect((await rig.build({ settings })).logs["//#build"]).toBe("try 3\n");
  });

  test("fails where it may not be done again, or not so often", async () => {
    const { rig, settings } = rigOf(flaky, { retries: 1 });
    expect((await rig.build({ settings })).of["//#build"]).toMatchObject({ status: "failed", attempts: 2 });
    const once = rigOf(flaky);
    expect((await once.rig.build()).of["//#build"]?.attempts).toBeUndefined();
  });
});

test("what a task took of the machine is remembered, unless it was too short to tell", async () => {
  const { rig } = rigOf("sleep 0.3");
  await rig.build();
  const records = new BuildRecords(join(rig.state, "builds.db"));
  const need = records.uses().get("//#build");
  records.close();
  expect(need?.cores).toBeLessThan(0.9);
  expect(need?.memoryBytes).toBeGreaterThan(0);
  const short = rigOf("true");
  await short.rig.build();
  const none = new BuildRecords(join(short.rig.state, "builds.db"));
  expect(none.uses().size).toBe(0);
  none.close();
});
