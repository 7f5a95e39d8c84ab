import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { encodeValue } from "@sluice/protocol";
import { NonRetryableError, workflow } from "@sluice/sdk";
import { HttpFixture } from "../http-fixture.ts";

interface Seen {
  readonly id: number | undefined;
  readonly event: string;
  // eslint-disable-next-line typescript/no-explicit-any -- data of any form
  readonly data: any;
}

/** Reads server-sent events; comments come as events named `comment`. */
async function* eventsOf(response: Response): AsyncGenerator<Seen> {
  if (response.body === null) throw new Error("no body");
  let text = "";
  const decoder = new TextDecoder();
  for await (const piece of response.body as unknown as AsyncIterable<Uint8Array>) {
    text += decoder.decode(piece, { stream: true });
    let end = text.indexOf("\n\n");
    for (; end !== -1; end = text.indexOf("\n\n")) {
      const lines = text.slice(0, end).split("\n");
      text = text.slice(end + 2);
      const field = (name: string) => lines.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2);
      const id = field("id");
      const data = field("data");
      yield {
        id: id === undefined ? undefined : Number(id),
        event: field("event") ?? "comment",
        data: data === undefined ? undefined : JSON.parse(data),
      };
    }
  }
}

const many = workflow<number, number>({ name: "many" }, async (ctx, count) => {
  for (let i = 0; i < count; i++) await ctx.step(`step ${i}`, () => Promise.resolve(i));
  return count;
});
const mixed = workflow<{ fail?: boolean }, string>({ name: "mixed" }, async (ctx, input) => {
  await ctx.step("one", () => 1);
  ctx.log("half way", { done: 0.5 });
  ctx.progress({ percent: 50, big: 10n });
  await ctx.waitFor("go");
  if (input.fail === true) await ctx.step("breaks", () => Promise.reject(new NonRetryableError("no luck")));
  return "done";
});

let f: HttpFixture;
beforeAll(async () => {
  f = await HttpFixture.make({
    workflows: [many, mixed],
    parkAfterMs: 1,
    http: { limits: { heartbeatMs: 20, watchersMax: 50, watchersPerUserMax: 20 } },
  });
});
afterAll(async () => f[Symbol.asyncDispose]());

async function watch(run: string, headers: Record<string, string> = {}): Promise<Response> {
  return f.http.fetch(f.request(`/api/v1/runs/${run}/events`, { headers }));
}

async function started(name: string, input: unknown): Promise<string> {
  return (await f.post(`/api/v1/workflows/${name}/runs`, { input })).body.run.id;
}

async function all(response: Response): Promise<Seen[]> {
  const seen: Seen[] = [];
  for await (const each of eventsOf(response)) if (each.event !== "comment") seen.push(each);
  return seen;
}

const ids = (seen: readonly Seen[]) => seen.flatMap(({ id }) => (id === undefined ? [] : [id]));

describe("watching a run", () => {
  test("that has ended tells the journal and the end", async () => {
    const run = await started("many", 5);
    await f.get(`/api/v1/runs/${run}?wait=10s`);
    const response = await watch(run);
    expect(response.headers.get("content-type")).toStartWith("text/event-stream");
    const seen = await all(response);
    expect(ids(seen)).toEqual([1, 2, 3, 4, 5]);
    expect(seen.at(-2)).toMatchObject({ event: "run", data: { data: { status: "completed", statusReason: null } } });
    expect(seen[0]).toMatchObject({
      id: 1,
      event: "step",
      data: { data: { seq: 0, kind: "step", name: "step 0", status: "completed", attempt: 1 } },
    });
    expect(seen[0]?.data.at).toBeGreaterThan(1e12);
    expect(seen.at(-1)).toEqual({ id: undefined, event: "end", data: { status: "completed", statusReason: null } });
  });

  test("from its start on leaves nothing out and repeats nothing", async () => {
    const run = await started("many", 300);
    const seen = await all(await watch(run));
    expect(ids(seen)).toEqual(Array.from({ length: 300 }, (_, i) => i + 1));
    expect(seen.at(-1)?.event).toBe("end");
  });

  test("resumed after any number goes on behind it", async () => {
    const run = await started("many", 40);
    const seen: number[] = [];
    let ended = false;
    for (let round = 0; !ended; round++) {
      const headers = seen.length === 0 ? {} : { "last-event-id": String(seen.at(-1)) };
      const take = 1 + ((round * 7) % 5);
      let taken = 0;
      for await (const each of eventsOf(await watch(run, headers))) {
        if (each.id !== undefined) {
          seen.push(each.id);
          taken++;
        }
        ended = each.event === "end";
        if (taken === take) break;
      }
    }
    expect(seen).toEqual(Array.from({ length: 40 }, (_, i) => i + 1));
    expect(ids(await all(await watch(run, { "last-event-id": "38" })))).toEqual([39, 40]);
    const response = await f.http.fetch(f.request(`/api/v1/runs/${run}/events?after=39`));
    expect(ids(await all(response))).toEqual([40]);
    expect(ids(await all(await watch(run, { "last-event-id": "999" })))).toEqual([]);
  });

  test("shows waits, logs and progress as they happen, also of a parked run", async () => {
    const run = await started("mixed", {});
    await f.until(run, "waiting");
    const seen: Seen[] = [];
    for await (const each of eventsOf(await watch(run))) {
      if (each.event !== "comment") seen.push(each);
      // The heartbeat says that everything there was has been sent.
      else if (f.engine.hotRuns === 0) await f.post("/api/v1/events", { name: "go" });
    }
    expect(ids(seen)).toEqual([1, 2]);
    expect(seen.find((each) => each.id === undefined && each.event === "step")?.data.data).toMatchObject({
      kind: "event",
      name: "go",
      status: "running",
    });
    expect(seen.find((each) => each.id === 2)?.data.data).toMatchObject({
      kind: "event",
      name: "go",
      status: "completed",
    });
    expect(seen.at(-1)).toMatchObject({ event: "end", data: { status: "completed" } });
  });

  test("shows logs and progress of a run in memory", async () => {
    const { body } = await f.post("/api/v1/workflows/mixed/runs", { input: { fail: true }, delay: "1ms" });
    const run: string = body.run.id;
    const seen: Seen[] = [];
    for await (const each of eventsOf(await watch(run))) {
      if (each.event !== "comment") seen.push(each);
      else if (seen.some(({ event }) => event === "progress")) await f.post("/api/v1/events", { name: "go" });
    }
    expect(seen.find(({ event }) => event === "log")?.data.data).toEqual({
      level: "info",
      message: "half way",
      data: { done: 0.5 },
    });
    expect(seen.find(({ event }) => event === "progress")?.data.data).toEqual({ progress: { percent: 50, big: "10" } });
    const broken = seen.find(({ data }) => data.data?.name === "breaks" && data.data.status === "failed");
    expect(broken?.data.data.error).toMatchObject({ name: "NonRetryableError", message: "no luck" });
    expect(seen.at(-1)).toMatchObject({ event: "end", data: { status: "failed" } });
  });

  test("ends when the run is cancelled", async () => {
    const run = await started("mixed", {});
    await f.until(run, "waiting");
    const response = await watch(run);
    await f.post(`/api/v1/runs/${run}/cancel`, { reason: "enough" });
    expect((await all(response)).at(-1)).toMatchObject({
      event: "end",
      data: { status: "cancelled", statusReason: "cancelled_by_user" },
    });
  });

  test("is given up by a client that leaves", async () => {
    const run = await started("mixed", {});
    const before = f.http.metrics.watching;
    const response = await watch(run);
    const iterator = eventsOf(response);
    await iterator.next();
    expect(f.http.metrics.watching).toBe(before + 1);
    await iterator.return(undefined);
    expect(f.http.metrics.watching).toBe(before);
    expect(f.engine.watchers.wants(run)).toBe(false);
    await f.post(`/api/v1/runs/${run}/cancel`);
  });

  test("is refused past the limit, and for numbers that are none", async () => {
    const run = await started("mixed", {});
    const open: Response[] = [];
    for (let i = f.http.metrics.watching; i < 50; i++) open.push(await watch(run));
    const refused = await watch(run);
    expect(refused.status).toBe(429);
    expect(await refused.json()).toMatchObject({ error: { code: "too_many_requests" } });
    for (const response of open) await response.body?.cancel();
    expect((await watch(run, { "last-event-id": "x" })).status).toBe(400);
    expect((await f.get(`/api/v1/runs/${run}/events?after=-1`)).status).toBe(400);
    expect((await f.send(`/api/v1/runs/${run}/events`, { method: "HEAD" })).status).toBe(200);
    expect(f.http.metrics.watching).toBe(0);
    await f.post(`/api/v1/runs/${run}/cancel`);
  });
});

describe("one user or token", () => {
  test("does not take the places of all others", async () => {
    const run = await started("mixed", {});
    const tokenOf = async (name: string): Promise<Record<string, string>> => {
      const made = await f.post("/api/v1/tokens", { name, role: "viewer" });
      return { authorization: `Bearer ${made.body.token}` };
    };
    const [greedy, other] = [await tokenOf("greedy"), await tokenOf("other")];
    const open: Response[] = [];
    for (let i = 0; i < 20; i++) open.push(await watch(run, greedy));
    expect(open.map(({ status }) => status)).toEqual(Array<number>(20).fill(200));
    const refused = await watch(run, greedy);
    expect(refused.status).toBe(429);
    expect(await refused.json()).toMatchObject({
      error: { message: "20 clients of yours watch runs already (watchersPerUserMax)." },
    });
    open.push(await watch(run, other));
    expect(open.at(-1)?.status).toBe(200);
    for (const response of open) await response.body?.cancel();
    const again = await watch(run, greedy);
    expect(again.status).toBe(200);
    await again.body?.cancel();
    await f.post(`/api/v1/runs/${run}/cancel`);
  });
});

describe("a slow watcher", () => {
  test("costs a bounded amount of memory and misses no step", async () => {
    await using slow = await HttpFixture.make({
      workflows: [many],
      http: { limits: { watchUpdatesMax: 4, watchBytesMax: 64, heartbeatMs: 20 } },
    });
    const { body } = await slow.post("/api/v1/workflows/many/runs", { input: 500 });
    const run: string = body.run.id;
    const response = await slow.http.fetch(slow.request(`/api/v1/runs/${run}/events`));
    // Nothing is read until the run has ended: all its updates meet a queue of four.
    await slow.get(`/api/v1/runs/${run}?wait=10s`);
    expect(ids(await all(response))).toEqual(Array.from({ length: 500 }, (_, i) => i + 1));
  });

  test("over a socket sees the end of a run that another watches", async () => {
    const server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: f.http.fetch, idleTimeout: f.http.idleTimeout });
    try {
      const headers = { authorization: "Bearer test-token-0123456789" };
      const run = await started("many", 50);
      const url = `http://127.0.0.1:${server.port}/api/v1/runs/${run}/events`;
      const [one, two] = await Promise.all([fetch(url, { headers }), fetch(url, { headers })]);
      const [first, second] = await Promise.all([all(one), all(two)]);
      expect(ids(first)).toEqual(Array.from({ length: 50 }, (_, i) => i + 1));
      expect(ids(second)).toEqual(ids(first));
      const waiting = await started("mixed", {});
      const left = new AbortController();
      const abandoned = await fetch(`http://127.0.0.1:${server.port}/api/v1/runs/${waiting}/events`, {
        headers,
        signal: left.signal,
      });
      await eventsOf(abandoned).next();
      expect(f.engine.watchers.wants(waiting)).toBe(true);
      left.abort();
      const gone = Promise.withResolvers<void>();
      const look = (): void => {
        if (f.http.metrics.watching === 0) gone.resolve();
        else setImmediate(look);
      };
      look();
      await gone.promise;
      await f.engine.emit({ by: { kind: "user", id: "t" }, name: "go", payload: encodeValue(1) });
    } finally {
      await server.stop(true);
    }
  });
});
