// Events that runs send to others: by name and key, once for each dedupe id.
import { expect, test } from "bun:test";
import { workflow } from "@sluice/sdk";
import { EngineFixture } from "./engine-fixture.suite.ts";

const payer = workflow({ name: "payer" }, async (ctx, input: { readonly key: string; readonly id: string }) => {
  await ctx.emit("paid", { by: ctx.run.id }, input);
  return "sent";
});
const shipper = workflow({ name: "shipper" }, async (ctx, key: string) => {
  const paid = await ctx.waitFor<{ readonly by: string }>("paid", { key });
  const again = await ctx.waitFor("paid", { key, timeout: 1, onTimeout: "nothing" });
  return [paid.by, again];
});

test("an event that a run sends wakes the runs that wait for its key, once for its dedupe id", async () => {
  const f = await EngineFixture.start({ workflows: [payer, shipper] });
  const [mine, other] = [await f.run(shipper, "o-1"), await f.run(shipper, "o-2")];
  await Promise.all([f.until(mine, "waiting"), f.until(other, "waiting")]);
  const first = await f.run(payer, { key: "o-1", id: "evt-9" });
  expect((await f.ended(first)).output).toBe("sent");
  expect((await f.result(payer, { key: "o-1", id: "evt-9" })).output).toBe("sent");
  expect((await f.ended(mine)).output).toEqual([first, "nothing"]);
  expect((await f.store.getRun({ run: other }))?.status).toBe("waiting");
  expect(await f.store.listEvents({ after: 0, limit: 10 })).toHaveLength(1);
});
