// Versions side by side through the shipped command: old runs stay on their code until they are moved, one or all of them.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { commandsIn, readyLine, startSluice, stop } from "./cli-process.ts";
import type { Running } from "./cli-process.ts";
import { writeProject } from "./server-process.ts";

const work = mkdtempSync(join(tmpdir(), "sluice-versions-"));
const project = join(work, "project");
const { json, run, text, fails } = commandsIn(project);
let server: Running;

const code = (version: string, first: string): string => `
import { workflow } from "sluice";
export const orders = workflow({ name: "orders" }, async (ctx) => {
  await ctx.step("same", () => 1);
  await ctx.waitFor("go");
  return ${JSON.stringify(version)};
});
export const others = workflow({ name: "others" }, async (ctx) => {
  await ctx.step(${JSON.stringify(first)}, () => 1);
  await ctx.waitFor("go");
  return ${JSON.stringify(version)};
});
`;

async function start(version: string, first: string): Promise<void> {
  writeProject(project, { "workflows/orders.ts": code(version, first) });
  const limits = ["--limit", "parkAfterMs=1"];
  server = startSluice(["up", "--project", project, "--port", "0", "--json", ...limits]);
  await readyLine(server);
}

interface RunView {
  readonly id: string;
  readonly version: string;
  readonly status: string;
  readonly output: unknown;
}
const show = async (id: string): Promise<RunView> => ((await json("runs", "show", id)) as { run: RunView }).run;

async function waiting(workflow: string): Promise<string> {
  const { id } = ((await json("run", workflow)) as { run: RunView }).run;
  while ((await show(id)).status !== "waiting");
  return id;
}

beforeAll(async () => {
  mkdirSync(project, { recursive: true });
  await start("one", "first");
});
afterAll(async () => {
  await stop(server);
  rmSync(work, { recursive: true, force: true });
});

test("old runs are counted by version, moved one by one or all at once, and stay where the code does not follow them", async () => {
  const orders = [await waiting("orders"), await waiting("orders"), await waiting("orders")];
  const other = await waiting("others");
  const [first = ""] = orders;
  const before = (await show(first)).version;
  await stop(server);
  await start("two", "renamed");
  type Versions = { versions: { version: string; current: boolean; workflows: unknown[] }[] };
  const { versions } = (await json("versions", "list")) as Versions;
  expect(versions.map(({ version, current }) => [version === before, current])).toEqual([
    [false, true],
    [true, false],
  ]);
  expect(versions[1]?.workflows).toEqual([
    { workflow: "orders", unfinishedRuns: 3, statuses: { waiting: 3 } },
    { workflow: "others", unfinishedRuns: 1, statuses: { waiting: 1 } },
  ]);
  expect(await text("versions", "list")).toContain("3 waiting");
  expect(await text("versions", "move", first)).toContain(first);
  expect((await show(first)).version).toBe(versions[0]?.version ?? "");
  expect((await fails("versions", "move", other)).error.code).toBe("replay_mismatch");
  const drained = await run(["versions", "drain", before.slice(0, 8)]);
  expect([drained.exitCode, drained.stdout]).toEqual([1, expect.stringContaining("2 runs were moved; 1 stay.")]);
  expect(drained.stdout).toContain("replay_mismatch");
  await text("events", "send", "go");
  for (const id of orders) {
    while ((await show(id)).status !== "completed");
    expect((await show(id)).output).toBe("two");
  }
  while ((await show(other)).status !== "completed");
  expect((await show(other)).output).toBe("one");
  expect((await run(["versions", "drain", before])).exitCode).toBe(0);
});
