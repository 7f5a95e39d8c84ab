// The list of builds: those that workers execute and those of workspaces are one, in pages.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { Rig } from "../workers/rig.suite.ts";

let rig: Rig;
beforeAll(async () => {
  rig = await Rig.make();
});
afterAll(async () => rig[Symbol.asyncDispose]());

async function workspace(status: "completed" | "failed"): Promise<string> {
  const outcome = { cache: "miss", hash: "", gives: "", durationMs: 1, savedMs: 0, exitCode: 0, why: null };
  const { body } = await rig.fixture.post("/api/v1/workspace-builds", {
    root: "/shop",
    machine: "m",
    tasks: ["build"],
    fingerprint: "0".repeat(64),
    plan: [
      {
        id: "a#build",
        package: "a",
        folder: "packages/a",
        task: "build",
        command: "x",
        dependencies: [],
        expectedMs: 5,
      },
    ],
    settled: [{ id: "a#build", status, ...outcome }],
  });
  await rig.fixture.get(`/api/v1/builds/${body.run}?wait=30s`);
  return body.run;
}

interface Page {
  readonly builds: readonly { readonly id: string; readonly kind: string; readonly status: string }[];
  readonly nextCursor: string | null;
}

/** All pages of a list. */
async function listed(query: string): Promise<readonly Page["builds"][number][]> {
  const all: Page["builds"][number][] = [];
  for (let cursor: string | null | undefined; cursor !== null;) {
    const more = cursor === undefined ? "" : `&cursor=${cursor}`;
    const page = (await rig.fixture.get(`/api/v1/builds?${query}${more}`)).body as Page;
    all.push(...page.builds);
    cursor = page.nextCursor;
  }
  return all;
}

describe("the list of builds", () => {
  test("has both kinds, newest first, each once, whatever the pages", async () => {
    const ids: string[] = [];
    for (const kind of ["w", "c", "c", "w", "w", "w", "c"])
      ids.push(kind === "w" ? await workspace("completed") : await rig.build());
    for (const limit of [1, 2, 3, 7, 50])
      expect((await listed(`limit=${limit}`)).map(({ id }) => id)).toEqual(ids.toReversed());
    expect((await listed("limit=2&kind=command")).map(({ kind }) => kind)).toEqual(["command", "command", "command"]);
    expect((await listed("limit=3&kind=workspace")).map(({ id }) => id)).toEqual(
      ids.filter((id) => id.startsWith("run_")).toReversed(),
    );
    expect((await listed("limit=2&status=queued")).map(({ kind }) => kind)).toEqual(["command", "command", "command"]);
  });

  test("refuses a cursor and a kind that it does not know", async () => {
    for (const query of ["cursor=x", "cursor=WzEsMl0", "kind=odd"])
      expect(await rig.fixture.get(`/api/v1/builds?${query}`)).toMatchObject({
        status: 400,
        body: { error: { code: "invalid_filter" } },
      });
  });
});
