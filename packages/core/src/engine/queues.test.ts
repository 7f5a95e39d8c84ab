// Queues over the engine: pausing one, and what goes on meanwhile.
import { expect, test } from "bun:test";
import { workflow } from "@sluice/sdk";
import { EngineFixture, rest, tester } from "./engine-fixture.suite.ts";

const mail = workflow({ name: "mail", queue: "mails" }, async (ctx, n: number) => ctx.step("send", () => n));
const news = workflow({ name: "news", queue: "mails" }, async (ctx, n: number) => ctx.step("send", () => n));
const other = workflow({ name: "other" }, async () => 1);

test("a paused queue begins nothing of any of its workflows until it is resumed", async () => {
  const f = await EngineFixture.start({ workflows: [mail, news, other] });
  const paused = await f.engine.queues.setPaused(tester, "mails", true);
  expect(paused).toMatchObject({ ok: true, value: { name: "mails", paused: true, workflows: ["mail", "news"] } });
  const runs = [await f.run(mail, 1), await f.run(news, 2)];
  expect((await f.result(other)).output).toBe(1);
  await rest();
  for (const run of runs) await f.until(run, "queued", "queue_paused");
  expect(await f.engine.queues.list()).toMatchObject([{ held: 2 }]);
  const resumed = await f.engine.queues.setPaused(tester, "mails", false);
  expect(resumed).toMatchObject({ ok: true, value: { paused: false, held: 0 } });
  expect([await f.ended(runs[0] ?? ""), await f.ended(runs[1] ?? "")]).toMatchObject([{ output: 1 }, { output: 2 }]);
});

test("a queue that no workflow has named is not there", async () => {
  const f = await EngineFixture.start({ workflows: [other] });
  expect(await f.engine.queues.setPaused(tester, "mails", true)).toMatchObject({
    ok: false,
    error: { code: "queue_not_found" },
  });
  expect(await f.engine.queues.list()).toEqual([]);
});

test("code that is refused leaves the limits as they were", async () => {
  const one = workflow({ name: "one", concurrency: 1 }, async (ctx) => ctx.waitFor("never"));
  const f = await EngineFixture.start({ workflows: [one] });
  const rules = await f.engine.deploy("v2", [
    {
      name: "one",
      triggers: [
        {
          type: "schedule",
          cron: "never",
          timezone: "UTC",
          input: new Uint8Array([0xc0]),
          catchUp: "skip",
          catchUpMax: 1,
          overlap: "allow",
          jitter: 0,
        },
      ],
      validates: false,
      flow: { concurrency: [{ limit: 5, countWaiting: true }] },
    },
  ]);
  expect(rules).toMatchObject({ ok: false, error: { code: "invalid_cron" } });
  const runs = [await f.run(one), await f.run(one)];
  await f.until(runs[0] ?? "", "waiting");
  // Waiting holds no place: with the rule of the refused code the first would keep its own.
  await f.until(runs[1] ?? "", "waiting");
});
