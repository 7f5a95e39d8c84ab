// Builds of a workspace over which a server runs: each is a run of that server, shown by it and ended through it.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { sluice } from "./cli-process.ts";
import { endedBuild, ServedWorkspace } from "./served-workspace.ts";

const shop = new ServedWorkspace();
beforeAll(() => shop.start());
afterAll(() => shop.end());

describe("a build where a server runs", () => {
  test("is a run of it, whose tasks say what became of them, what they wrote and why they were executed", async () => {
    const first = await sluice(["build", "--json"], { cwd: join(shop.root, "packages/app") });
    expect([first.exitCode, first.stderr]).toEqual([0, ""]);
    const { id } = endedBuild(first);
    expect((await shop.get(`/runs/${id}`)).run).toMatchObject({ workflow: "build.run", status: "completed" });
    const { builds } = await shop.get("/builds");
    expect(builds).toMatchObject([
      { id, kind: "workspace", root: shop.root, target: "build", status: "completed", total: 2 },
    ]);
    expect((await shop.get(`/builds/${id}/tasks`)).tasks).toMatchObject([
      { id: "lib#build", status: "completed", cache: "miss", dependencies: [], exitCode: 0 },
      { id: "app#build", status: "completed", cache: "miss", dependencies: ["lib#build"] },
    ]);
    const { lines, cut } = await shop.get(`/builds/${id}/tasks/${encodeURIComponent("app#build")}/log`);
    expect([lines.map(({ text }: { readonly text: string }) => text), cut]).toEqual([["made app"], false]);

    shop.write("packages/app/src/b", "other\n");
    const second = endedBuild(await shop.build());
    expect((await shop.get(`/builds/${second.id}/tasks`)).tasks).toMatchObject([
      { id: "lib#build", cache: "hit", reasons: null },
      { id: "app#build", cache: "miss", reasons: ["the file packages/app/src/b changed"] },
    ]);
    const replayed = await shop.get(`/builds/${second.id}/tasks/${encodeURIComponent("lib#build")}/log`);
    expect(replayed.lines).toMatchObject([{ text: "made lib" }]);
  });

  test("is a run also where nothing has to be executed", async () => {
    await shop.build();
    const { id } = endedBuild(await shop.build());
    expect((await shop.get(`/builds/${id}?wait=30s`)).build).toMatchObject({
      status: "completed",
      cache: { hits: 2, executed: 0 },
    });
  });

  test("shows what is being executed, and ends when the server is told to end it", async () => {
    const { running, id } = await shop.waiting();
    // What the task writes may be seen before the server has heard that it began.
    for (;;) {
      const { tasks } = await shop.get(`/builds/${id}/tasks`);
      const own = tasks.filter((task: { readonly package: string }) => task.package === "lib");
      if (own[1].status === "queued") continue;
      expect(own).toMatchObject([
        { id: "lib#note", status: "completed" },
        { id: "lib#wait", status: "running", startedAt: expect.any(Number) },
      ]);
      break;
    }
    await shop.post(`/api/v1/builds/${id}/cancel`, {});
    expect(await running.exited).toBe(130);
    expect((await shop.get(`/builds/${id}`)).build).toMatchObject({ status: "cancelled" });
  });

  test("is done by itself, with a word about it, where the server does not take it", async () => {
    const env = { SLUICE_URL: shop.url, SLUICE_TOKEN: "nobody" };
    const ran = await sluice(["build", "--json"], { cwd: shop.root, env });
    expect(ran.exitCode).toBe(0);
    expect(ran.stderr).toContain(`The server at ${shop.url} takes no part in this build`);
  });
});
