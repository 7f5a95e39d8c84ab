// Rows of builds as a whole.
import { expect, test } from "bun:test";
import { listAll, noBuild } from "./build-rows.ts";
import { FleetDesk } from "./fleet.fixture.suite.ts";

test("all builds of a status are read, page after page, the oldest first", async () => {
  const desk = await new FleetDesk().start();
  await desk.worker("a");
  const builds: string[] = [];
  for (let n = 0; n < 502; n++) builds.push(await desk.build());
  expect((await listAll(desk.store, "running")).map(({ id }) => id)).toEqual(builds.slice(0, 1));
  expect((await listAll(desk.store, "queued")).map(({ id }) => id)).toEqual(builds.slice(1));
});

test("a build that is not there is named, shortened", () => {
  expect(noBuild("x".repeat(200))).toMatchObject({ ok: false, error: { code: "build_not_found" } });
  expect(JSON.stringify(noBuild("x".repeat(200)))).not.toContain("x".repeat(81));
});
