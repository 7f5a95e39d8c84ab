// What the parts of an embedded program share: which definitions the engine knows, and what is forgotten with a failed start.
import { expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openSite } from "@sluice/server/embedded";
import { Program } from "./program.ts";
import { runsApi } from "./runs-api.ts";
import { WorkflowInstance } from "./workflow-instance.ts";

async function withProgram(use: (program: Program, deployed: string[][]) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "sluice-program-"));
  const program = new Program({});
  const site = await openSite({ data: folder, workflows: [], log: () => undefined });
  const deployed: string[][] = [];
  program.site = {
    ...site,
    deploy: async (workflows) => {
      deployed.push(workflows.map((each) => `${each.name} ${each.options.triggers?.length ?? 0}`));
      await site.deploy(workflows);
    },
  };
  try {
    await use(program, deployed);
  } finally {
    await site.client.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

function define(program: Program, id: string, concurrency = 5): WorkflowInstance {
  const made = new WorkflowInstance({ id, concurrency }, program);
  made.step("echo", (ctx) => ctx.payload);
  program.workflows.set(id, made);
  program.changed(id);
  return made;
}

test("a definition that changes while the engine is told of it is told again, one telling after the other", async () => {
  await withProgram(async (program, deployed) => {
    const flow = define(program, "orders");
    const first = program.deployed();
    flow.onSchedule("0 2 * * *");
    const second = program.deployed();
    await Promise.all([first, second]);
    expect(deployed.at(-1)).toEqual(["orders 1"]);
    // The change came while the first telling was under way.
    const third = program.deployed();
    await Promise.resolve();
    flow.onSchedule("0 3 * * *");
    await third;
    const told = deployed.length;
    const { engine } = await program.deployed();
    expect(deployed.length).toBe(told + 1);
    expect(
      engine.schedules
        .list()
        .map(({ cron }) => cron)
        .toSorted(),
    ).toEqual(["0 2 * * *", "0 3 * * *"]);
    await program.deployed();
    expect(deployed.length).toBe(told + 1);
  });
});

test("a replay that cannot start leaves none of its functions behind", async () => {
  await withProgram(async (program) => {
    define(program, "orders");
    const api = runsApi(program);
    const run = await api.trigger("orders", 1);
    const { client } = program.started();
    await client.run(run).result();
    program.workflows.delete("orders");
    program.changed("orders");
    const replayed = api.replay(run, { mockStep: { echo: () => 2 } });
    expect(await replayed.catch((error: unknown) => (error as { readonly code?: string }).code)).toBe(
      "workflow_not_found",
    );
    expect(program.mocks.size).toBe(0);
  });
});
