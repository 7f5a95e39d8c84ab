import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { connect, DeniedError, NonRetryableError, SluiceError, workflow } from "@sluice/sdk";
import type { Client, Fetch, RunUpdate } from "@sluice/sdk";
import { HttpFixture, token } from "./http-fixture.ts";

const pay = workflow<{ sum: bigint; at: Date; card?: unknown }, { paid: bigint; at: Date }>(
  { name: "shop/pay" },
  async (ctx, input) => {
    return ctx.step("charge", () => ({ paid: input.sum, at: input.at }));
  },
);
const fails = workflow<string, never>({ name: "fails" }, async (ctx, how) => {
  return ctx.step("breaks", () => {
    if (how === "type") throw new TypeError("wrong type", { cause: new RangeError("inside") });
    throw new NonRetryableError("no luck", { code: "ELUCK" });
  });
});
const waits = workflow({ name: "waits" }, async (ctx) => {
  await ctx.step("first", () => 1);
  return ctx.waitFor("go");
});
const asks = workflow({ name: "asks" }, async (ctx) => ctx.approve("boss", { data: new Map([["a", 1n]]) }));
const calls = workflow({ name: "calls" }, async (ctx) => {
  const made = await ctx.token("t");
  ctx.progress(made.token);
  return made.wait();
});
const many = workflow<number, number>({ name: "many" }, async (ctx, count) => {
  for (let i = 0; i < count; i++) await ctx.step(`s${i}`, () => Promise.resolve(i));
  return count;
});

let f: HttpFixture;
let fetchHere: Fetch;
let client: Client;
beforeAll(async () => {
  f = await HttpFixture.make({
    workflows: [pay, fails, waits, asks, calls, many],
    http: { limits: { heartbeatMs: 20 } },
  });
  fetchHere = async (url, init) => f.http.fetch(new Request(url, init));
  client = connect({ url: "http://127.0.0.1:7890/", token, fetch: fetchHere });
});
afterAll(async () => f[Symbol.asyncDispose]());

async function codeOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
    return "none";
  } catch (error) {
    expect(error).toBeInstanceOf(SluiceError);
    return (error as SluiceError).code;
  }
}

describe("a connected client", () => {
  test("starts runs and gets results with values of every kind", async () => {
    const input = { sum: 10n ** 20n, at: new Date(7) };
    const run = await client.start(pay, input, { tags: ["t"], priority: 2, idempotencyKey: "c-1" });
    expect(run.created).toBe(true);
    const result = await run.result();
    expect(result).toEqual({ paid: 10n ** 20n, at: new Date(7) });
    const again = await client.start(pay, input, { idempotencyKey: "c-1" });
    expect(again).toMatchObject({ id: run.id, created: false });
    const shown = await run.get();
    expect(shown).toMatchObject({
      status: "completed",
      workflow: "shop/pay",
      input,
      tags: ["t"],
      priority: 2,
      error: null,
      idempotencyKey: "c-1",
    });
    expect(await run.steps()).toMatchObject([
      { seq: 0, name: "charge", status: "completed", output: { paid: 10n ** 20n } },
    ]);
    expect(await codeOf(client.start(pay, { sum: 1n, at: new Date(7) }, { idempotencyKey: "c-1" }))).toBe(
      "idempotency_conflict",
    );
  });

  test("refuses what cannot be serialised before anything is sent", async () => {
    let sent = 0;
    const counting = connect({
      url: "http://127.0.0.1:7890",
      fetch: async (url, init) => {
        sent++;
        return fetchHere(url, init);
      },
    });
    const bad = { sum: 1n, at: new Date(), card: { read: () => 1 } };
    expect(counting.start(pay, bad)).rejects.toMatchObject({ code: "value_not_serializable", path: "$.card.read" });
    expect(sent).toBe(0);
  });

  test("throws the errors of runs as what they were", async () => {
    const one = await client.start(fails, "type");
    const error: unknown = await one.result().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(TypeError);
    expect((error as Error).cause).toBeInstanceOf(RangeError);
    expect((await one.get()).error).toEqual({
      code: "step_failed",
      message: "wrong type",
      details: { name: "TypeError", cause: { name: "RangeError", message: "inside" } },
    });
    const two = await client.start(fails, "other");
    expect(await two.result().catch((thrown: unknown) => thrown)).toBeInstanceOf(NonRetryableError);
    expect((await two.get()).error).toEqual({
      code: "step_failed",
      message: "no luck",
      details: { name: "NonRetryableError", code: "ELUCK" },
    });
    const denied = await client.start(asks, undefined);
    await f.until(denied.id, "waiting");
    const [approval] = await client.approvals();
    expect(approval).toMatchObject({ run: denied.id, name: "boss", data: new Map([["a", 1n]]) });
    await client.approve(approval?.token ?? "", { approved: false, reason: "no", payload: new Set([1]) });
    const thrown = await denied.result().catch((each: unknown) => each);
    expect(thrown).toBeInstanceOf(DeniedError);
    expect((thrown as DeniedError).details).toMatchObject({ reason: "no", payload: new Set([1]) });
  });

  test("operates runs", async () => {
    const run = await client.start(waits, undefined);
    await f.until(run.id, "waiting");
    await run.pause();
    await f.until(run.id, "paused");
    await run.resume();
    await f.until(run.id, "waiting");
    await run.cancel("enough");
    expect(await run.result().catch((error: unknown) => (error as Error).message)).toBe("enough");
    expect(await codeOf(run.cancel())).toBe("run_is_final");
    await run.retry({ code: "current" });
    await f.until(run.id, "waiting");
    const fork = await run.fork({ from: "first" });
    expect(fork.id).not.toBe(run.id);
    expect((await fork.get()).forkedFrom).toBe(run.id);
    await client.emit("go", { a: 1n });
    expect(await run.result()).toEqual({ a: 1n });
    expect(await fork.result()).toEqual({ a: 1n });
    await run.delete();
    expect(await codeOf(run.get())).toBe("run_not_found");
    expect(await codeOf(client.run("none").result())).toBe("run_not_found");
  });

  test("lists runs, sends events once, completes callbacks", async () => {
    const page = await client.runs({ workflow: "shop/pay", status: ["completed", "failed"], limit: 1 });
    expect(page.runs).toHaveLength(1);
    expect(page.runs[0]?.output).toMatchObject({ at: new Date(7) });
    expect(await client.emit("nobody", 1, { id: "once" })).toEqual({ duplicate: false });
    expect(await client.emit("nobody", 1, { id: "once" })).toEqual({ duplicate: true });
    const run = await client.start(calls, undefined);
    await f.until(run.id, "waiting");
    const made = (await run.get()).progress as string;
    await client.complete(made, new Map([[1, 2]]));
    expect(await run.result()).toEqual(new Map([[1, 2]]));
    expect(await codeOf(client.complete(made, 1))).toBe("token_used");
  });

  test("reads and writes state", async () => {
    const { state } = client;
    expect(await state.get("global", "c/1")).toBeUndefined();
    expect(await state.set("global", "c/1", new Date(3), { ifVersion: 0, ttl: "1 hour" })).toBe(1);
    expect(await state.get("global", "c/1")).toMatchObject({
      value: new Date(3),
      version: 1,
      expiresAt: expect.any(Number),
    });
    expect(await codeOf(state.set("global", "c/1", 2, { ifVersion: 7 }))).toBe("state_version_conflict");
    expect(await state.set("global", "c/1", undefined, { ifVersion: 1 })).toBe(2);
    expect(await state.get("global", "c/1")).toMatchObject({ value: undefined, version: 2 });
    expect(await state.delete("global", "c/1")).toBe(true);
    expect(await state.delete("global", "c/1")).toBe(false);
  });

  test("says what is wrong with the way to the server", async () => {
    expect(() => connect({ url: "not a url" })).toThrow(SluiceError);
    expect(await codeOf(connect({ url: "http://127.0.0.1:7890", token: "wrong", fetch: fetchHere }).runs())).toBe(
      "unauthorized",
    );
    const proxy: Fetch = () =>
      Promise.resolve(new Response("<html>", { status: 404, headers: { "content-type": "text/html" } }));
    expect(await codeOf(connect({ url: "http://127.0.0.1:7890", fetch: proxy }).runs())).toBe("unavailable");
    const listener = Bun.serve({ port: 0, fetch: () => new Response() });
    const { port } = listener;
    await listener.stop(true);
    const nobody = connect({ url: `http://127.0.0.1:${port}`, reconnect: 0 });
    expect(await codeOf(nobody.runs())).toBe("unavailable");
    const hangs: Fetch = async (_url, { signal }) =>
      new Promise((_resolve, reject) => {
        signal?.addEventListener("abort", () => reject(signal.reason as Error));
      });
    expect(await codeOf(connect({ url: "http://127.0.0.1:7890", fetch: hangs, timeout: 5, reconnect: 0 }).runs())).toBe(
      "unavailable",
    );
    const stop = new AbortController();
    const waiting = connect({ url: "http://127.0.0.1:7890", fetch: hangs }).run("x").result({ signal: stop.signal });
    stop.abort(new Error("changed my mind"));
    expect(waiting).rejects.toThrow("changed my mind");
  });
});

describe("a broken connection", () => {
  /** Every second request is lost: half of them before, half of them after the server has carried them out. */
  function flaky(): { fetch: Fetch; lost: () => number } {
    let n = 0;
    let lost = 0;
    return {
      lost: () => lost,
      fetch: async (url, init) => {
        n++;
        if (n % 2 === 0) return fetchHere(url, init);
        lost++;
        if (n % 4 === 3) await fetchHere(url, init);
        throw new TypeError("connection reset");
      },
    };
  }

  test("is repeated over for what may be repeated", async () => {
    const { fetch, lost } = flaky();
    const shaky = connect({ url: "http://127.0.0.1:7890", token, fetch });
    for (let i = 0; i < 4; i++) {
      const run = await shaky.start(many, 3, { idempotencyKey: `flaky-${i}` });
      expect(await run.result()).toBe(3);
      expect(await run.steps()).toHaveLength(3);
    }
    expect(lost()).toBeGreaterThanOrEqual(8);
    expect((await client.runs({ workflow: "many" })).runs).toHaveLength(4);
  });

  test("is reported for what may not be repeated, and nothing is done twice", async () => {
    let asked = 0;
    const shaky = connect({
      url: "http://127.0.0.1:7890",
      token,
      fetch: async (url, init) => {
        asked++;
        await fetchHere(url, init);
        throw new TypeError("connection reset");
      },
    });
    expect(await codeOf(shaky.start(many, 1, { tags: ["unkeyed"] }))).toBe("unavailable");
    expect(asked).toBe(1);
    expect((await client.runs({ tag: "unkeyed" })).runs).toHaveLength(1);
  });

  test("does not lose or repeat events of a run", async () => {
    let opened = 0;
    const cutting: Fetch = async (url, init) => {
      const response = await fetchHere(url, init);
      if (!url.includes("/events")) return response;
      opened++;
      const left = { bytes: 300 * opened };
      const cut = new TransformStream<Uint8Array, Uint8Array>({
        transform(piece, controller) {
          left.bytes -= piece.length;
          if (left.bytes < 0) controller.error(new TypeError("connection reset"));
          else controller.enqueue(piece);
        },
      });
      return new Response(response.body?.pipeThrough(cut) ?? null, {
        status: response.status,
        headers: response.headers,
      });
    };
    const shaky = connect({ url: "http://127.0.0.1:7890", token, fetch: cutting });
    const run = await shaky.start("many", 30);
    const seen: RunUpdate[] = [];
    for await (const update of run.events()) seen.push(update);
    expect(opened).toBeGreaterThan(2);
    expect(seen.flatMap(({ id }) => id ?? [])).toEqual(Array.from({ length: 30 }, (_, i) => i + 1));
    expect(seen.at(-1)).toMatchObject({ type: "run", data: { status: "completed" } });
    const rest: (number | null)[] = [];
    for await (const { id } of run.events({ after: 28 })) rest.push(id);
    expect(rest.filter((id) => id !== null)).toEqual([29, 30]);
  });

  test("is waited out while the server restarts", async () => {
    const serve = (port: number) =>
      Bun.serve({ port, hostname: "127.0.0.1", fetch: f.http.fetch, idleTimeout: f.http.idleTimeout });
    const first = serve(0);
    const port = first.port ?? 0;
    const real = connect({ url: `http://127.0.0.1:${port}`, token });
    const run = await real.start(waits, undefined);
    const result = run.result();
    const updates = Array.fromAsync(run.events());
    await f.until(run.id, "waiting");
    await first.stop(true);
    await client.emit("go", "after the restart");
    const second = serve(port);
    try {
      expect(await result).toBe("after the restart");
      expect((await updates).flatMap(({ id }) => id ?? [])).toEqual([1, 2]);
    } finally {
      await second.stop(true);
    }
  });

  test("is left when the caller has had enough", async () => {
    const run = await client.start(waits, undefined);
    const stop = new AbortController();
    const seen: RunUpdate[] = [];
    for await (const update of run.events({ signal: stop.signal })) {
      seen.push(update);
      stop.abort();
    }
    expect(seen).toHaveLength(1);
    await run.cancel();
  });
});
