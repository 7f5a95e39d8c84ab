import { expect, test } from "bun:test";
import { Fixture, value } from "./fixture.suite.ts";
import { engineItself } from "../../kernel/inner-actor.ts";

test("a version that is deployed again keeps its first time and takes the new manifest", async () => {
  const f = new Fixture();
  const put = (version: string, createdAt: number, workflows: readonly string[]) =>
    f.store.putVersion({
      by: engineItself,
      version: { version, createdAt, manifest: value(workflows) },
      retentions: [],
    });
  await put("v1", 1, []);
  await put("v2", 2, []);
  await put("v1", 3, ["w"]);
  expect(await f.store.listVersions()).toEqual([
    { version: "v1", createdAt: 1, manifest: value(["w"]) },
    { version: "v2", createdAt: 2, manifest: value([]) },
  ]);
});
