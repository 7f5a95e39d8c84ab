// Services in tests of workflows: what stands in for their actions, and what it hears of their calls.
import { expect, test } from "bun:test";
import { action, defineService, workflow } from "@sluice/sdk";
import { z } from "zod";
import { testWorkflow } from "./workflow-test.ts";

const mail = defineService({
  id: "mail",
  config: z.object({ host: z.string() }),
  setup: (): { send: typeof send; count: () => number } => {
    throw new Error("a test must never connect");
  },
});
const send = action({
  input: z.object({ to: z.string() }),
  run: async ({ to }): Promise<{ readonly id: string }> => ({ id: `real ${to}` }),
});
const configured = mail.withConfig({ config: { host: "mail.example.com" } });

const welcome = workflow({ name: "welcome", services: { mail: configured } }, async (ctx, to: string) => {
  const { id } = await ctx.services.mail.send({ to }, { retry: { attempts: 2, delay: "1m" } });
  return id;
});

test.each([
  ["by its definition", mail],
  ["as it is configured", configured],
])(
  "a service is mocked %s, never started, and its calls are noted with what they were given",
  async (_how, service) => {
    await using t = testWorkflow(welcome);
    let broken = true;
    const mocked = t.mockService(service, {
      send: ({ to }) => {
        if (broken) {
          broken = false;
          throw new Error("busy");
        }
        return { id: `mock ${to}` };
      },
    });
    const run = await t.run("ada");
    await t.expect(run).toComplete("mock ada");
    expect(mocked.calls.map(({ name, attempt, input }) => [name, attempt, input])).toEqual([
      ["mail.send", 1, { to: "ada" }],
      ["mail.send", 2, { to: "ada" }],
    ]);
    expect(mocked.calls[0]?.run).toBe(run.id);
  },
);

test("an action that has no mock fails its step, and a service is not mocked too late", async () => {
  await using t = testWorkflow(welcome);
  t.mockService(mail, { count: () => 1 });
  const run = await t.run("ada");
  await t.expect(run).toFail(/send/);
  expect(() => t.mockService(mail, {})).toThrow("mocked too late");
});
