import { expect, test } from "bun:test";
import { Fixture, value } from "./fixture.suite.ts";

test("a version that is deployed again keeps its first time and takes the new manifest", async () => {
  const f = new Fixture();
  await f.store.putVersion({ version: { version: "v1", createdAt: 1, manifest: value([]) } });
  await f.store.putVersion({ version: { version: "v2", createdAt: 2, manifest: value([]) } });
  await f.store.putVersion({ version: { version: "v1", createdAt: 3, manifest: value(["w"]) } });
  expect(await f.store.listVersions()).toEqual([
    { version: "v1", createdAt: 1, manifest: value(["w"]) },
    { version: "v2", createdAt: 2, manifest: value([]) },
  ]);
});
