// A schedule whose workflow would refuse its input: said when it is deployed, not when the run fails at night.
import { expect, test } from "bun:test";
import { interval, schedule, workflow } from "@sluice/sdk";
import { rest } from "./engine-fixture.suite.ts";
import { make, numbers } from "./trigger-fixture.suite.ts";

test("a schedule without the input that its workflow needs is warned of at the deployment", async () => {
  const nightly = workflow(
    {
      name: "nightly",
      input: numbers,
      triggers: [
        schedule("0 2 * * *"),
        interval("1h", { name: "hourly", input: { n: "one" } }),
        schedule("0 3 * * *", { input: { n: 1 }, name: "good" }),
      ],
    },
    async (_ctx, { n }) => n,
  );
  const free = workflow({ name: "free", triggers: [schedule("0 2 * * *")] }, async () => 1);
  const { fixture } = await make([nightly, free]);
  const warned = () => fixture.logs.filter(({ message }) => message.startsWith("a schedule's runs will fail"));
  while (warned().length < 2) await rest();
  await rest();
  expect(warned().map(({ level, fields }) => [level, (fields as { schedule: string }).schedule])).toEqual([
    ["warn", "nightly:0"],
    ["warn", "nightly:hourly"],
  ]);
  expect(warned()[0]?.fields).toMatchObject({ problem: expect.stringContaining("is not a number") });
  await fixture.engine.stop(0);
});
