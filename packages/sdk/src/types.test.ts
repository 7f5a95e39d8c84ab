// Types flow from a workflow to whoever starts, calls or awaits it. The compiler checks this file; running it proves that
// what is checked also exists.
import { describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { action, defineService, schedule, secret, webhook, workflow } from "./index.ts";
import type { Approval, CallbackToken, Client, Context, InputOf, OutputOf, RunHandle, Workflow } from "./index.ts";

/** True when both are the same type, `any` and optional keys told apart. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
/** Checked by the compiler: the type parameter has to be true. */
function holds<T extends true>(): T {
  return true as T;
}

/** The type of a promise's value. */
type Resolved<F> = F extends (...args: never[]) => Promise<infer T> ? T : never;

const Order = z.object({
  id: z.string(),
  total: z.number().default(0),
  placed: z.string().transform((text) => new Date(text)),
});
type OrderIn = { id: string; total?: number | undefined; placed: string };
type OrderParsed = { id: string; total: number; placed: Date };

const shipping = workflow({ name: "shipping" }, async (_ctx, input: { label: string }) => ({
  tracking: `T-${input.label}`,
}));

const order = workflow(
  {
    name: "order",
    input: Order,
    triggers: [
      webhook("/orders"),
      schedule("0 2 * * *", { timezone: "Europe/Lisbon", catchUp: "one", overlap: "skip" }),
    ],
  },
  async (_ctx, input) => {
    holds<Same<typeof input, OrderParsed>>();
    return { id: input.id, day: input.placed.getUTCDate() };
  },
);

const nightly = workflow({ name: "nightly" }, async () => 7);

describe("types flow end to end", () => {
  test("input and output of a workflow come from its schema and its function", () => {
    holds<Same<InputOf<typeof order>, OrderIn>>();
    holds<Same<OutputOf<typeof order>, { id: string; day: number }>>();
    holds<Same<InputOf<typeof shipping>, { label: string }>>();
    holds<Same<OutputOf<typeof shipping>, { tracking: string }>>();
    holds<Same<InputOf<typeof nightly>, undefined>>();
    holds<Same<OutputOf<typeof nightly>, number>>();
    holds<Same<typeof order, Workflow<OrderIn, { id: string; day: number }, OrderParsed>>>();
    expect(order.name).toBe("order");
  });

  test("start takes the input, and result gives the output", () => {
    async function use(client: Client) {
      const run = await client.start(
        order,
        { id: "o-1", placed: "2026-01-02" },
        { idempotencyKey: "o-1", delay: "5m" },
      );
      holds<Same<typeof run, RunHandle<{ id: string; day: number }>>>();
      const result = await run.result();
      holds<Same<typeof result, { id: string; day: number }>>();
      const shown = await run.get();
      holds<Same<typeof shown.output, { id: string; day: number } | null>>();
      const forked = await run.fork({ from: "charge" });
      holds<Same<typeof forked, typeof run>>();
      await client.start(nightly, undefined);
      const byName = await client.start("order", { whatever: true });
      holds<Same<Resolved<typeof byName.result>, unknown>>();
      // @ts-expect-error the schema wants an id
      await client.start(order, { placed: "2026-01-02" });
      // @ts-expect-error the input is what the schema takes, not what it makes of it
      await client.start(order, { id: "o-1", placed: new Date() });
      // @ts-expect-error the function wants a label
      await client.start(shipping, { lable: "x" });
      // @ts-expect-error a result has the type of the output
      const wrong: { id: number } = await run.result();
      return wrong;
    }
    expect(use).toBeFunction();
  });

  test("call takes the input and gives the output, start gives an id", () => {
    async function use(ctx: Context) {
      const shipped = await ctx.call(shipping, { label: "x" });
      holds<Same<typeof shipped, { tracking: string }>>();
      const id = await ctx.start(order, { id: "o-1", placed: "2026-01-02" });
      holds<Same<typeof id, string>>();
      const byName = await ctx.call<{ a: number }>("other", 1);
      holds<Same<typeof byName, { a: number }>>();
      // @ts-expect-error the function wants a label
      await ctx.call(shipping, {});
      // @ts-expect-error the schema wants text
      await ctx.start(order, { id: 1, placed: "2026-01-02" });
    }
    expect(use).toBeFunction();
  });

  test("a step's result is typed, and its undo gets it or nothing", () => {
    async function use(ctx: Context) {
      const charge = await ctx.step("charge", ({ idempotencyKey, attempt, signal }) => {
        holds<Same<typeof idempotencyKey, string>>();
        holds<Same<typeof attempt, number>>();
        holds<Same<typeof signal, AbortSignal>>();
        return { key: idempotencyKey };
      });
      holds<Same<typeof charge, { key: string }>>();
      const later = await ctx.step("fetch", async () => 5, {
        undo: (result) => {
          holds<Same<typeof result, number | undefined>>();
        },
      });
      holds<Same<typeof later, number>>();
      const each = await ctx.map([1, 2], async (item, index) => `${item + index}`);
      holds<Same<typeof each, string[]>>();
    }
    expect(use).toBeFunction();
  });

  test("waits are typed, with the value for a timeout where one is asked for", () => {
    async function use(ctx: Context) {
      const paid = await ctx.waitFor<{ amount: number }>("paid");
      holds<Same<typeof paid, { amount: number }>>();
      const maybe = await ctx.waitFor<{ amount: number }, null>("paid", { timeout: "1h", onTimeout: null });
      holds<Same<typeof maybe, { amount: number } | null>>();
      const approval = await ctx.approve("manager");
      holds<Same<typeof approval, Approval>>();
      const orLate = await ctx.approve("manager", { timeout: "1h", onTimeout: "late" });
      holds<Same<typeof orLate, Approval | string>>();
      const token = await ctx.token<{ ok: boolean }>("signed");
      holds<Same<typeof token, CallbackToken<{ ok: boolean }>>>();
      holds<Same<Resolved<typeof token.wait>, { ok: boolean }>>();
    }
    expect(use).toBeFunction();
  });

  test("a race says which branch won and what it gave", () => {
    async function use(ctx: Context) {
      const first = await ctx.race({
        paid: ctx.waitFor<{ amount: number }>("paid"),
        late: (branch) => branch.sleep("1 day"),
      });
      if (first.winner === "paid") holds<Same<typeof first.value, { amount: number }>>();
      else holds<Same<typeof first.value, void>>();
    }
    expect(use).toBeFunction();
  });

  test("services take what they were defined with, and a call has the types of its action", () => {
    const mail = defineService({
      id: "mail",
      config: z.object({ host: z.string(), port: z.number().default(25) }),
      auth: z.object({ password: z.string() }),
      setup: ({ config, auth }) => {
        holds<Same<typeof config, { host: string; port: number }>>();
        holds<Same<typeof auth, { password: string }>>();
        return {
          send: action({
            input: z.object({ to: z.string(), at: z.string().transform((text) => new Date(text)) }),
            output: z.object({ id: z.string() }),
            run: ({ at }) => ({ id: at.toISOString() }),
          }),
          count: (n: number) => Promise.resolve(n + 1),
          ping: () => "pong" as const,
        };
      },
    });
    const ready = mail.withConfig({ config: { host: "localhost" }, auth: { password: secret("smtp") } });
    // @ts-expect-error the configuration wants a host
    const wrongConfig = () => mail.withConfig({ config: {}, auth: { password: "x" } });
    // @ts-expect-error the credentials are missing
    const noAuth = () => mail.withConfig({ config: { host: "localhost" } });
    const bare = defineService({ id: "bare", setup: () => ({ go: () => 1 }) }).withConfig();
    const flow = workflow(
      { name: "with-services", services: { mail: ready, bare } },
      async (ctx, input: { to: string }) => {
        const sent = await ctx.services.mail.send({ to: input.to, at: "2026-01-01" });
        holds<Same<typeof sent, { id: string }>>();
        const count = await ctx.services.mail.count(1, { retry: false, name: "one more" });
        holds<Same<typeof count, number>>();
        const pong = await ctx.services.mail.ping();
        holds<Same<typeof pong, "pong">>();
        const first = await ctx.race({ go: (branch) => branch.services.bare.go() });
        holds<Same<typeof first.value, number>>();
        // @ts-expect-error the action wants an address
        const wrong = () => ctx.services.mail.send({ at: "2026-01-01" });
        // @ts-expect-error there is no such action
        const unknown = () => ctx.services.mail.fetch();
        return { sent, wrong, unknown };
      },
    );
    holds<Same<InputOf<typeof flow>, { to: string }>>();
    expect([wrongConfig, noAuth, flow.options.services?.["mail"]?.id]).toEqual([wrongConfig, noAuth, "mail"]);
  });

  test("state has the type of its fallback", () => {
    async function use(ctx: Context) {
      const count = await ctx.state.global.get("count", 0);
      holds<Same<typeof count, number>>();
      const maybe = await ctx.state.run.get<string>("name");
      holds<Same<typeof maybe, string | undefined>>();
      const held = await ctx.lock("door", async ({ fence }) => fence);
      holds<Same<typeof held, number>>();
    }
    expect(use).toBeFunction();
  });
});

test("the compiler agrees with all of the above", () => {
  const root = join(import.meta.dir, "../../..");
  const folder = mkdtempSync(join(tmpdir(), "sluice-types-"));
  try {
    const compilerOptions = { typeRoots: [join(root, "node_modules/@types")] };
    const files = [import.meta.path];
    writeFileSync(
      join(folder, "tsconfig.json"),
      JSON.stringify({ extends: join(root, "tsconfig.json"), compilerOptions, files, include: [] }),
    );
    const tsc = Bun.spawnSync([join(root, "node_modules/.bin/tsc"), "-p", folder], { cwd: folder });
    expect(tsc.stdout.toString()).toBe("");
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}, 30_000);
