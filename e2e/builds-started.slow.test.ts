// Builds that a server begins by itself, and builds whose process or server is killed: each goes on as the run that it is.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { endedBuild, ServedWorkspace } from "./served-workspace.ts";

const shop = new ServedWorkspace();
beforeAll(() => shop.start());
afterAll(() => shop.end());

describe("a build that is killed where a server runs", () => {
  test("goes on as the same run where it was killed, and does nothing twice", async () => {
    const { running, id } = await shop.waiting();
    running.kill("SIGKILL");
    await running.exited;
    shop.write("go", "");
    const again = await shop.build("wait");
    rmSync(join(shop.root, "go"));
    expect(endedBuild(again)).toMatchObject({ id, status: "completed" });
    expect(readFileSync(join(shop.root, "noted"), "utf8")).toBe("x\n");
  });
});

describe("a build that a workflow waits for", () => {
  test("begins with a webhook, by a workflow that waits for it", async () => {
    const pushed = await shop.post("/hooks/pushed", { task: "app#build" });
    const id = pushed.runId;
    const { run } = await shop.get(`/runs/${id}?wait=60s`);
    expect(run).toMatchObject({ status: "completed", output: { built: ["lib#build miss", "app#build miss"] } });
    expect((await shop.get(`/builds/${run.output.run}`)).build).toMatchObject({
      kind: "workspace",
      status: "completed",
    });
  });

  test("fails the workflow that waits for it, and ends with it", async () => {
    const { run: failing } = await shop.post("/api/v1/workflows/ship/runs?wait=60s", { input: { task: "lib#none" } });
    expect(failing).toMatchObject({ status: "failed" });
    expect(failing.error.message).toContain("There is no task");
    const { run } = await shop.post("/api/v1/workflows/ship/runs", { input: { task: "lib#wait" } });
    let build: { readonly id: string; readonly done: number } | undefined;
    while (build === undefined)
      build = (await shop.get("/builds?status=running")).builds.find(
        ({ done }: { readonly done: number }) => done === 1,
      );
    await shop.post(`/api/v1/runs/${run.id}/cancel`, {});
    expect((await shop.get(`/builds/${build.id}?wait=60s`)).build).toMatchObject({ status: "cancelled" });
  });

  test("goes on where it was when the server was killed, and does nothing twice", async () => {
    rmSync(join(shop.root, "noted"), { force: true });
    const { run } = await shop.post("/api/v1/workflows/ship/runs", { input: { task: "lib#wait" } });
    while (
      !(await shop.get("/builds?status=running")).builds.some(({ done }: { readonly done: number }) => done === 1)
    );
    const [{ id }] = (await shop.get("/builds?status=running")).builds;
    shop.server?.kill("SIGKILL");
    await shop.server?.exited;
    shop.write("go", "");
    await shop.start();
    expect((await shop.get(`/runs/${run.id}?wait=100s`)).run).toMatchObject({
      status: "completed",
      output: { run: id, built: ["lib#note off", "lib#wait off"] },
    });
    expect(readFileSync(join(shop.root, "noted"), "utf8")).toBe("x\n");
  });
});
