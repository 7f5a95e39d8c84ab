// Streamed output over HTTP and in the clients: all of it, whenever one comes, without gap or repetition.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { connect, workflow } from "@sluice/sdk";
import type { Client, Fetch } from "@sluice/sdk";
import { HttpFixture, token } from "../http-fixture.ts";

let go: () => void = () => undefined;
const talks = workflow({ name: "talks" }, async (ctx, count: number) => {
  ctx.stream({ begin: true });
  await ctx.step("tokens", async () => {
    for (let i = 0; i < count; i++) ctx.stream(i);
    await new Promise<void>((resolve) => (go = resolve));
    for (let i = count; i < 2 * count; i++) ctx.stream(i);
  });
});
const floods = workflow({ name: "floods" }, async (ctx) => {
  for (let i = 0; i < 300; i++) ctx.stream(`${i} ${"x".repeat(100)}`);
});

let f: HttpFixture;
let client: Client;
let lose: (() => void) | undefined;
beforeAll(async () => {
  f = await HttpFixture.make({
    workflows: [talks, floods],
    limits: { streamBytesMax: 20_000 },
    http: { limits: { heartbeatMs: 20 } },
  });
  const fetchHere: Fetch = async (url, init) => {
    const response = await f.http.fetch(new Request(url, init));
    if (!url.includes("/stream") || response.body === null) return response;
    const broken = new AbortController();
    lose = () => broken.abort(new Error("the connection is lost"));
    return new Response(response.body.pipeThrough(new TransformStream(), { signal: broken.signal }), response);
  };
  client = connect({ url: "http://127.0.0.1:7890/", token, fetch: fetchHere });
});
afterAll(async () => f[Symbol.asyncDispose]());

const expected = (count: number) => [{ begin: true }, ...Array.from({ length: 2 * count }, (_, i) => i)];

describe("a run that streams", () => {
  test("is followed live, across a lost connection, and told whole to whoever comes late", async () => {
    const run = await client.start(talks, 50);
    const seen: unknown[] = [];
    const ids: number[] = [];
    for await (const { id, data } of run.stream()) {
      seen.push(data);
      ids.push(id);
      if (seen.length === 20) lose?.();
      if (seen.length === 51) go();
    }
    expect(seen).toEqual(expected(50));
    expect(ids).toEqual(Array.from({ length: 101 }, (_, i) => i + 1));
    const late: unknown[] = [];
    for await (const { data } of run.stream()) late.push(data);
    expect(late).toEqual(expected(50));
    const rest: unknown[] = [];
    for await (const { data, step } of run.stream({ after: 99 })) rest.push([step?.name, data]);
    expect(rest).toEqual([
      ["tokens", 98],
      ["tokens", 99],
    ]);
  });

  test("says what is not kept any more", async () => {
    const run = await client.start(floods);
    await run.result();
    const { body } = await f.get(`/api/v1/runs/${run.id}/stream`);
    const [gap] = /event: gap\ndata: (.*)/.exec(String(body)) ?? [];
    expect(gap).toBeDefined();
    const { lost, next } = JSON.parse((gap ?? "").split("data: ")[1] ?? "{}") as { lost: number; next: number };
    expect([lost > 0, next]).toEqual([true, lost + 1]);
    expect(String(body)).toContain(`id: ${next}\nevent: chunk`);
    expect(String(body).trimEnd().split("\n\n").at(-1)).toBe(
      'event: end\ndata: {"status":"completed","continuedTo":null}',
    );
  });

  test("that is not there is refused", async () => {
    expect((await f.get("/api/v1/runs/none/stream")).body.error.code).toBe("run_not_found");
  });
});
