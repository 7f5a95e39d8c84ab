// Services in a worker: started once, checked, called as steps, looked at and stopped.
import { describe, expect, test } from "bun:test";
import { decodeErrorValue, decodeValue } from "@sluice/protocol";
import type { ServiceReport } from "@sluice/protocol";
import { action, defineService, secret, workflow } from "@sluice/sdk";
import type { Context, StepContext } from "@sluice/sdk";
import { z } from "zod";
import { PlayedEngine } from "./played-engine.suite.ts";
import type { WorkerOptions } from "./worker.ts";

const value = "hunter2hunter2";
const local = { env: (name: string) => ({ TOKEN: value })[name], file: async () => undefined };

interface Seen {
  starts: number;
  stops: string[];
  keys: string[];
  sick: string | undefined;
  fail: Error | undefined;
  hold: Promise<void> | undefined;
}

function chat() {
  const seen: Seen = { starts: 0, stops: [], keys: [], sick: undefined, fail: undefined, hold: undefined };
  const definition = defineService({
    id: "chat",
    name: "Chat",
    version: "2.1.0",
    config: z.object({ room: z.string().min(3), limits: z.object({ most: z.number() }).default({ most: 5 }) }),
    auth: z.object({ token: z.string() }),
    setup: ({ config, auth, onStop, onHealth }) => {
      seen.starts++;
      if (seen.fail !== undefined) throw seen.fail;
      onStop(() => void seen.stops.push("first"));
      onStop(() => void seen.stops.push("last"));
      onHealth(() => {
        if (seen.sick !== undefined) throw new Error(seen.sick);
      });
      return {
        send: action({
          input: z.object({ text: z.string().trim() }),
          output: z.object({ id: z.string() }),
          run: async ({ text }, step) => {
            seen.keys.push(step.idempotencyKey);
            await seen.hold;
            return { id: `${config.room}/${text}/${config.limits.most}/${auth.token.length}` };
          },
        }),
        broken: action({ input: z.string(), output: z.number(), run: (text) => text as unknown as number }),
        plain: (n: number, step: StepContext) => n * 2 + step.attempt,
        nothing: () => "nothing",
      };
    },
  });
  return { seen, definition };
}

function rig(
  body: (ctx: Context<{ chat: ReturnType<ReturnType<typeof chat>["definition"]["withConfig"]> }>) => Promise<unknown>,
  options: Partial<WorkerOptions> = {},
  config: { room: string } = { room: "ops" },
) {
  const { seen, definition } = chat();
  const service = definition.withConfig({ config, auth: { token: secret("TOKEN", { from: "env" }) } });
  const flow = workflow({ name: "flow", services: { chat: service } }, body);
  const engine = new PlayedEngine([flow], { localSecrets: local, ...options });
  const outcomes = async (): Promise<unknown[]> =>
    (await engine.acknowledge()).flatMap((op) => {
      if (op.op !== "done") return [];
      return [
        [op.name, op.error === undefined ? decodeValue(op.value ?? new Uint8Array(0)) : decodeErrorValue(op.error)],
      ];
    });
  const reports = (): readonly ServiceReport[] =>
    engine.messages.findLast((message) => message.type === "services")?.services ?? [];
  return { seen, engine, outcomes, reports };
}

describe("a call", () => {
  test("is a step with the parsed input, an idempotency key and the parsed output", async () => {
    const { seen, engine, outcomes } = rig(async (ctx) => {
      const sent = await ctx.services.chat.send({ text: "  hello " });
      const plain = await ctx.services.chat.plain(20);
      const nothing = await ctx.services.chat.nothing(undefined, { name: "named" });
      return [sent.id.length, plain, nothing];
    });
    await engine.assign();
    expect(await outcomes()).toEqual([
      ["chat.send", { id: "ops/hello/5/14" }],
      ["chat.plain", 41],
      ["named", "nothing"],
    ]);
    expect([seen.starts, seen.keys]).toEqual([1, ["r:0"]]);
  });

  test.each([
    ["an input", "send", { text: 7 }, "invalid_input"],
    ["an output", "broken", "text", "service_failed"],
  ])("with %s that does not fit fails at once, whatever the policy", async (_what, name, input, code) => {
    const { engine, outcomes } = rig((ctx) =>
      ctx.services.chat[name as "send"](input as never, { retry: { attempts: 5 } }),
    );
    await engine.assign();
    expect(await outcomes()).toMatchObject([[`chat.${name}`, { name: "NonRetryableError", code }]]);
  });

  test("of an action that is not there says so", async () => {
    const { engine, outcomes } = rig((ctx) => (ctx.services.chat as unknown as { no(): Promise<unknown> }).no());
    await engine.assign();
    expect(await outcomes()).toMatchObject([["chat.no", { code: "service_not_found" }]]);
  });

  test("inside a step is refused, as every durable call", async () => {
    const { engine, outcomes } = rig((ctx) => ctx.step("outer", () => ctx.services.chat.plain(1)));
    await engine.assign();
    expect(await outcomes()).toMatchObject([["outer", { code: "bad_request" }]]);
  });

  test("follows the policy of the call, then of the action, then of the service", async () => {
    const attempts: string[] = [];
    const fail = (what: string) => (): never => {
      attempts.push(what);
      throw new Error("no");
    };
    const service = defineService({
      id: "s",
      retry: { attempts: 2, delay: 1 },
      setup: () => ({
        own: action({ retry: { attempts: 3, delay: 1 }, run: fail("own") }),
        late: action({ timeout: 50, retry: false, run: () => new Promise(() => undefined) }),
        other: fail("other"),
      }),
    }).withConfig();
    const flow = workflow({ name: "flow", services: { s: service }, retry: { attempts: 9 } }, async (ctx) => {
      await ctx.services.s.own().catch(() => 0);
      await ctx.services.s.other().catch(() => 0);
      await ctx.services.s.other(undefined, { retry: false }).catch(() => 0);
      await ctx.services.s.late();
    });
    const engine = new PlayedEngine([flow]);
    await engine.assign();
    for (let round = 0; round < 12; round++) {
      for (const op of await engine.acknowledge())
        if (op.op === "retry") await engine.events({ event: "wake", seq: op.seq });
    }
    await engine.clock.pass(50);
    const last = (await engine.acknowledge()).find((op) => op.op === "done");
    expect(attempts).toEqual(["own", "own", "own", "other", "other", "other"]);
    expect(last?.op === "done" && last.error !== undefined ? decodeErrorValue(last.error).name : "").toBe(
      "TimeoutError",
    );
  });
});

describe("a service", () => {
  test("that cannot be started fails the step, says why without the secret, and is tried again", async () => {
    const { seen, engine, outcomes, reports } = rig((ctx) =>
      ctx.services.chat.plain(1, { retry: { attempts: 2, delay: 1 } }),
    );
    seen.fail = new Error(`no such user: ${value}`);
    await engine.assign();
    expect(reports()).toMatchObject([{ id: "chat", status: "failed" }]);
    expect(JSON.stringify(reports())).not.toContain(value);
    const retry = engine.ops().find((op) => op.op === "retry");
    expect(retry?.op === "retry" ? decodeErrorValue(retry.error) : {}).toMatchObject({ code: "service_failed" });
    seen.fail = undefined;
    await engine.events({ event: "wake", seq: 0 });
    expect(reports()).toMatchObject([{ id: "chat", name: "Chat", version: "2.1.0", status: "running" }]);
    expect(await outcomes()).toEqual([["chat.plain", 4]]);
  });

  test("whose configuration does not fit is not set up", async () => {
    const { seen, engine, outcomes } = rig((ctx) => ctx.services.chat.plain(1), {}, { room: "x" });
    await engine.assign();
    expect(await outcomes()).toMatchObject([
      ["chat.plain", { code: "service_failed", message: expect.stringContaining("config/room") }],
    ]);
    expect(seen.starts).toBe(0);
  });

  test("is started once, however many ask at the same time", async () => {
    const { seen, engine, outcomes } = rig((ctx) => Promise.all([1, 2, 3].map((n) => ctx.services.chat.plain(n))));
    await engine.assign();
    expect((await outcomes()).length).toBe(3);
    expect(seen.starts).toBe(1);
  });

  test("that takes too long to start is given up", async () => {
    const slow = defineService({
      id: "slow",
      setup: () => new Promise<{ a: () => number }>(() => undefined),
    }).withConfig();
    const flow = workflow({ name: "flow", services: { slow } }, (ctx) => ctx.services.slow.a());
    const engine = new PlayedEngine([flow]);
    await engine.assign();
    await engine.clock.pass(60_000);
    const done = engine.ops().find((op) => op.op === "done");
    expect(done?.op === "done" ? decodeErrorValue(done.error ?? new Uint8Array(0)).message : "").toContain("60000 ms");
  });

  test("is looked at from time to time, and tells when it is ill and when it is well again", async () => {
    const { seen, engine, reports } = rig((ctx) => ctx.services.chat.plain(1));
    await engine.assign();
    seen.sick = "no answer";
    await engine.clock.pass(30_000);
    expect(reports()).toMatchObject([{ status: "unhealthy", message: "no answer", checked: 31_000, since: 31_000 }]);
    seen.sick = undefined;
    await engine.clock.pass(30_000);
    expect(reports()).toMatchObject([{ status: "running", since: 61_000, calls: 1 }]);
    expect(reports()[0]?.message).toBeUndefined();
  });

  test("is stopped when the worker leaves, after its calls, the last one registered first", async () => {
    const { seen, engine } = rig((ctx) => ctx.services.chat.send({ text: "x" }));
    const hold = Promise.withResolvers<void>();
    seen.hold = hold.promise;
    await engine.assign();
    await engine.say({ type: "drain", ms: 5_000 });
    expect(seen.stops).toEqual([]);
    hold.resolve();
    await engine.clock.rest();
    expect(seen.stops).toEqual(["last", "first"]);
    expect(engine.messages.at(-1)?.type).toBe("handback");
  });

  test("whose calls do not end is stopped all the same", async () => {
    const { seen, engine } = rig((ctx) => ctx.services.chat.send({ text: "x" }));
    seen.hold = new Promise(() => undefined);
    await engine.assign();
    await engine.say({ type: "drain", ms: 10 });
    await engine.clock.pass(10);
    expect(seen.stops).toEqual([]);
    await engine.clock.pass(500);
    expect(seen.stops).toEqual(["last", "first"]);
    expect(engine.messages.at(-1)?.type).toBe("handback");
  });

  test("is set up anew when a secret it uses has changed, and the old one is stopped", async () => {
    let starts = 0;
    const stops: string[] = [];
    const service = defineService({
      id: "db",
      auth: z.object({ password: z.string() }),
      setup: ({ auth, onStop }) => {
        starts++;
        onStop(() => void stops.push(auth.password));
        return { length: () => auth.password.length };
      },
    }).withConfig({ auth: { password: secret("db/password") } });
    const flow = workflow({ name: "flow", services: { db: service } }, async (ctx) => {
      await ctx.services.db.length();
      await ctx.token("wait");
      return ctx.services.db.length();
    });
    const engine = new PlayedEngine([flow]);
    await engine.assign();
    await engine.say({ type: "revealed", request: "1", value: "first-password" });
    await engine.settle(0);
    await engine.say({ type: "refresh", secrets: ["other"] });
    expect(stops).toEqual([]);
    await engine.say({ type: "refresh", secrets: ["db/password"] });
    expect(stops).toEqual(["first-password"]);
    await engine.settle([1, "tok"]);
    await engine.say({ type: "revealed", request: "2", value: "second-password-2" });
    const ops = engine.ops().filter((op) => op.op === "done");
    const last = ops.at(-1);
    expect([starts, last?.op === "done" ? decodeValue(last.value ?? new Uint8Array(0)) : 0]).toEqual([2, 17]);
  });

  test("is set up once more when a secret it was given changes before it is there", async () => {
    const stops: string[] = [];
    const first = Promise.withResolvers<void>();
    const service = defineService({
      id: "db",
      auth: z.object({ password: z.string() }),
      setup: async ({ auth, onStop }) => {
        onStop(() => void stops.push(auth.password));
        if (auth.password === "the-old-one") await first.promise;
        return { length: () => auth.password.length };
      },
    }).withConfig({ auth: { password: secret("db/password") } });
    const flow = workflow({ name: "flow", services: { db: service } }, async (ctx) => ctx.services.db.length());
    const engine = new PlayedEngine([flow]);
    await engine.assign();
    await engine.say({ type: "revealed", request: "1", value: "the-old-one" });
    await engine.say({ type: "refresh", secrets: ["db/password"] });
    first.resolve();
    // The second start asks for it within the turns that this takes.
    await engine.say({ type: "refresh", secrets: ["other"] });
    await engine.say({ type: "revealed", request: "2", value: "the-newer-one" });
    const done = engine.ops().find((op) => op.op === "done");
    expect([stops, done?.op === "done" ? decodeValue(done.value ?? new Uint8Array(0)) : 0]).toEqual([
      ["the-old-one"],
      13,
    ]);
  });

  test("can be replaced by its actions alone, and is then never set up", async () => {
    const sent: unknown[] = [];
    const mocks = { chat: { send: (input: unknown) => (sent.push(input), { id: "mock" }) } };
    const { seen, engine, outcomes } = rig((ctx) => ctx.services.chat.send({ text: "x" }), { mocks });
    await engine.assign();
    expect(await outcomes()).toEqual([["chat.send", { id: "mock" }]]);
    expect([seen.starts, sent]).toEqual([0, [{ text: "x" }]]);
  });
});
