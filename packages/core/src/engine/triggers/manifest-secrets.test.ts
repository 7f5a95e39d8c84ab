import { expect, test } from "bun:test";
import { decodeValue } from "@sluice/protocol";
import { webhook, workflow } from "@sluice/sdk";
import { EngineFixture } from "../engine-fixture.suite.ts";

test("a secret that the code has as text is not in what is stored of a version", async () => {
  const hook = workflow({ name: "hook", triggers: [webhook("/in", { secret: "s3cret-text" })] }, async () => 1);
  const fixture = await EngineFixture.start({ workflows: [hook] });
  const [version] = await fixture.store.listVersions();
  expect(decodeValue(version?.manifest ?? new Uint8Array())).toMatchObject([
    { name: "hook", triggers: [{ type: "webhook", path: "/in" }] },
  ]);
  expect(Buffer.from(version?.manifest ?? []).toString("latin1")).not.toContain("s3cret-text");
  const [live] = fixture.engine.triggers.list();
  expect(live?.manifest).toMatchObject({ secret: "s3cret-text" });
  await fixture.engine.stop(0);
});
