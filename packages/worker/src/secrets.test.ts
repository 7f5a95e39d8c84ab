import { expect, test } from "bun:test";
import { decodeErrorValue, decodeValue, encodeError, SluiceError } from "@sluice/protocol";
import type { WorkerToEngine } from "@sluice/protocol";
import { secret, workflow } from "@sluice/sdk";
import type { Context } from "@sluice/sdk";
import { PlayedEngine } from "./played-engine.suite.ts";

const value = "hunter2hunter2";
const stars = "*".repeat(value.length);
const local = {
  env: (name: string) => ({ PASSWORD: value, SHORT: "12345" })[name],
  file: async (path: string) => (path === "/run/secrets/a" ? value : undefined),
};

function engineOf(body: (ctx: Context) => Promise<unknown>): PlayedEngine {
  return new PlayedEngine([workflow({ name: "flow" }, body)], { localSecrets: local });
}

async function doneOf(engine: PlayedEngine): Promise<unknown> {
  const done = (await engine.acknowledge()).find((op) => op.op === "done");
  if (done?.op !== "done") throw new Error("no step has ended");
  return done.error === undefined ? decodeValue(done.value ?? new Uint8Array(0)) : decodeErrorValue(done.error);
}

const asked = (engine: PlayedEngine) =>
  engine.messages.splice(0).flatMap((message: WorkerToEngine) => (message.type === "reveal" ? [message] : []));

test("a secret of the store is asked for at its use, each time", async () => {
  const lengths: number[] = [];
  const engine = engineOf((ctx) =>
    ctx.step("use", async (step) => {
      lengths.push((await step.secret("db")).length, (await step.secret(secret("db"))).length);
      return lengths;
    }),
  );
  await engine.assign();
  const [first] = asked(engine);
  expect(first).toEqual({ type: "reveal", request: "1", name: "db" });
  await engine.say({ type: "revealed", request: "1", value });
  expect(asked(engine)).toEqual([{ type: "reveal", request: "2", name: "db" }]);
  await engine.say({ type: "revealed", request: "2", value: `${value}!` });
  expect(await doneOf(engine)).toEqual([14, 15]);
});

test.each([
  ["an environment variable", secret("PASSWORD", { from: "env" })],
  ["a file", secret("/run/secrets/a", { from: "file" })],
])("%s is looked up here", async (_what, ref) => {
  const engine = engineOf((ctx) => ctx.step("use", async (step) => `it is ${await step.secret(ref)}`));
  await engine.assign();
  expect(await doneOf(engine)).toBe(`it is ${stars}`);
});

test.each([
  ["a secret that is not there", secret("nothing", { from: "env" }), "secret_not_found"],
  ["a file that is not there", secret("/nothing", { from: "file" }), "secret_not_found"],
  ["one that is too short to be masked", secret("SHORT", { from: "env" }), "invalid_config"],
])("%s fails the step with %s", async (_what, ref, code) => {
  const engine = engineOf((ctx) => ctx.step("use", (step) => step.secret(ref)));
  await engine.assign();
  expect(await doneOf(engine)).toMatchObject({ code });
});

test("the engine's refusal comes back with its code", async () => {
  const engine = engineOf((ctx) => ctx.step("use", (step) => step.secret("db")));
  await engine.assign();
  const error = encodeError(new SluiceError({ code: "secret_unreadable", message: "no key", hint: "put it back" }));
  await engine.say({ type: "revealed", request: "1", error });
  expect(await doneOf(engine)).toMatchObject({ code: "secret_unreadable", message: "no key", hint: "put it back" });
});

test("an engine that does not answer is not waited for without end", async () => {
  const engine = engineOf((ctx) => ctx.step("use", (step) => step.secret("db")));
  await engine.assign();
  await engine.clock.pass(30_000);
  expect(await doneOf(engine)).toMatchObject({ code: "unavailable" });
});

test("nothing that leaves the worker has the value: results, errors, causes, logs, progress, names, inputs", async () => {
  const engine = engineOf(async (ctx) => {
    let known = "";
    const result = await ctx.step("use", async (step) => {
      known = await step.secret(secret("PASSWORD", { from: "env" }));
      ctx.log(`in a step: ${known}`, { [known]: known });
      return { known, basic: btoa(`ada:${known}`), bytes: new TextEncoder().encode(known) };
    });
    ctx.log.error(known, known);
    ctx.progress({ known });
    void ctx.emit(`event ${known}`, known, { key: known, id: known });
    void ctx.state.run.set(known, known);
    await ctx
      .step("fail", () => {
        throw new TypeError(`refused ${known}`, { cause: Object.assign(new Error(known), { details: { known } }) });
      })
      .catch(() => undefined);
    throw Object.assign(new Error(`${known} ${JSON.stringify(result)}`), { code: known, hint: known });
  });
  await engine.assign();
  const ops = await engine.acknowledge();
  const bytes = JSON.stringify(ops, (_key, part: unknown) =>
    part instanceof Uint8Array ? Buffer.from(part).toString("latin1") : part,
  );
  expect(ops.map((op) => op.op)).toContain("emit");
  expect(bytes).not.toContain(value);
  expect(bytes).not.toContain(btoa(`ada:${value}`));
  expect(bytes).toContain(`refused ${stars}`);
});

test("the workflow sees of a result what a replay would give it", async () => {
  const seen: unknown[] = [];
  const body = async (ctx: Context): Promise<unknown> => {
    const result = await ctx.step("use", (step) => step.secret(secret("PASSWORD", { from: "env" })));
    seen.push(result);
    return result;
  };
  const engine = engineOf(body);
  await engine.assign();
  await engine.acknowledge();
  expect(seen).toEqual([stars]);
});
