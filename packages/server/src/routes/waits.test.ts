import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { encodeValue } from "@sluice/protocol";
import { workflow } from "@sluice/sdk";
import { HttpFixture } from "../http-fixture.ts";

const asks = workflow({ name: "asks" }, async (ctx) => {
  const answer = await ctx.approve("manager", { description: "Order 7", data: { total: 12n }, timeout: "1 hour" });
  return { by: answer.by, reason: answer.reason, payload: answer.payload };
});
const calls = workflow({ name: "calls" }, async (ctx) => {
  const token = await ctx.token("outside");
  ctx.progress({ url: token.url });
  return { got: await token.wait() };
});
const hears = workflow({ name: "hears" }, async (ctx) => ctx.waitFor("paid", { key: "o-1", match: { ok: true } }));

let f: HttpFixture;
beforeAll(async () => {
  f = await HttpFixture.make({ workflows: [asks, calls, hears] });
});
afterAll(async () => f[Symbol.asyncDispose]());

async function waiting(name: string): Promise<string> {
  const { body } = await f.post(`/api/v1/workflows/${name}/runs`, {});
  await f.until(body.run.id, "waiting");
  return body.run.id;
}

async function tokenOf(run: string): Promise<string> {
  const { body } = await f.get(`/api/v1/approvals?run=${run}`);
  expect(body.approvals).toHaveLength(1);
  return body.approvals[0].token;
}

async function outcome(run: string) {
  return (await f.get(`/api/v1/runs/${run}?wait=10s`)).body.run;
}

describe("approvals", () => {
  test("are listed with what there is to decide", async () => {
    const run = await waiting("asks");
    const token = await tokenOf(run);
    const { status, body } = await f.send(`/api/v1/approvals/${token}`, { token: null });
    expect(status).toBe(200);
    expect(body.approval).toMatchObject({
      token,
      run,
      workflow: "asks",
      name: "manager",
      description: "Order 7",
      data: { total: "12" },
      status: "open",
    });
    // Its hour counts from when it was asked for, which is just before it was written.
    const hourMs = body.approval.expiresAt - body.approval.createdAt;
    expect(hourMs).toBeLessThanOrEqual(3_600_000);
    expect(hourMs).toBeGreaterThan(3_590_000);
    await f.post(`/api/v1/runs/${run}/cancel`);
  });

  test("are listed in pages, whose cursors are no tokens", async () => {
    const runs = [await waiting("asks"), await waiting("asks"), await waiting("asks")];
    const tokens = await Promise.all(runs.map(tokenOf));
    const seen: string[] = [];
    let cursor: string | null = "";
    while (cursor !== null) {
      const { body } = await f.get(`/api/v1/approvals?limit=2&cursor=${encodeURIComponent(cursor)}`);
      seen.push(...body.approvals.map((each: { run: string }) => each.run));
      cursor = body.nextCursor;
      for (const token of tokens) expect(String(cursor)).not.toContain(token);
    }
    expect(seen.toSorted()).toEqual(runs.toSorted());
    expect((await f.get("/api/v1/approvals?cursor=none")).body.error.code).toBe("invalid_filter");
    for (const run of runs) await f.post(`/api/v1/runs/${run}/cancel`);
  });

  test("are given with the URL alone, once", async () => {
    const run = await waiting("asks");
    const path = `/api/v1/approvals/${await tokenOf(run)}`;
    const decide = async () =>
      f.send(path, {
        token: null,
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ approved: true, reason: "fine", payload: { limit: 5 } }),
      });
    expect((await decide()).body).toEqual({ runId: run });
    expect(await outcome(run)).toMatchObject({
      status: "completed",
      output: { by: "anonymous", reason: "fine", payload: { limit: 5 } },
    });
    const again = await decide();
    expect(again.status).toBe(410);
    expect(again.body.error).toMatchObject({ code: "token_used", hint: expect.any(String) });
    expect((await f.get(`/api/v1/approvals?run=${run}`)).body.approvals).toEqual([]);
    expect((await f.get(path)).body.approval.status).toBe("used");
  });

  test("name who decided, and a denial is an error of the run", async () => {
    const run = await waiting("asks");
    await f.post(`/api/v1/approvals/${await tokenOf(run)}`, { approved: false, reason: "too much" });
    expect(await outcome(run)).toMatchObject({
      status: "failed",
      error: { code: "denied", message: "too much", details: { details: { by: "bootstrap" } } },
    });
  });

  test.each([
    [{}],
    [{ approved: "yes" }],
    [{ approved: null }],
    [{ approved: true, reason: 7 }],
    [{ approved: true, by: "boss" }],
    [[]],
    ["true"],
  ])("%j is no decision, and leaves the token open", async (decision) => {
    const run = await waiting("asks");
    const token = await tokenOf(run);
    const { status, body } = await f.post(`/api/v1/approvals/${token}`, decision);
    expect(status).toBe(400);
    expect(body.error).toMatchObject({ code: "bad_request", hint: expect.any(String) });
    expect(await tokenOf(run)).toBe(token);
    await f.post(`/api/v1/runs/${run}/cancel`);
    await outcome(run);
    expect((await f.post(`/api/v1/approvals/${token}`, { approved: true })).body.error.code).toBe("token_expired");
  });

  test("cannot be given with the token of something else", async () => {
    const run = await waiting("asks");
    const token = await tokenOf(run);
    expect((await f.post(`/api/v1/callbacks/${token}`, 1)).body.error.code).toBe("token_unknown");
    expect((await f.get("/api/v1/approvals/tok_nothing")).body.error.code).toBe("token_unknown");
    await f.post(`/api/v1/runs/${run}/cancel`);
  });
});

describe("callbacks", () => {
  const bodies: [string, string | Uint8Array<ArrayBuffer> | undefined, unknown][] = [
    ["application/json", '{"a":[1,null]}', { a: [1, null] }],
    ["application/vnd.github+json; charset=utf-8", '"text"', "text"],
    ["text/plain", "plain words", "plain words"],
    ["application/x-www-form-urlencoded", "a=1&b=x+y&b=%C3%A9", { a: "1", b: ["x y", "é"] }],
    ["application/octet-stream", new Uint8Array([0, 255]), "AP8="],
    ["application/vnd.sluice.value+msgpack", encodeValue(new Set([1n])) as Uint8Array<ArrayBuffer>, ["1"]],
    ["", undefined, undefined],
  ];
  test.each(bodies)("of type %s complete a token from outside", async (type, body, got) => {
    const { body: begun } = await f.post("/api/v1/workflows/calls/runs", {});
    const run: string = begun.run.id;
    await f.until(run, "waiting");
    const { url } = (await f.get(`/api/v1/runs/${run}`)).body.run.progress;
    const headers: Record<string, string> = type === "" ? {} : { "content-type": type };
    const answer = await f.send(url, { token: null, method: "POST", headers, body: body ?? null });
    expect(answer.body).toEqual({ runId: run });
    expect((await outcome(run)).output).toEqual(got === undefined ? {} : { got });
    const again = await f.send(url, { token: null, method: "POST", headers, body: body ?? null });
    expect(again.body.error.code).toBe("token_used");
  });

  test("that cannot be read leave the token open", async () => {
    const { body: begun } = await f.post("/api/v1/workflows/calls/runs", {});
    const run: string = begun.run.id;
    await f.until(run, "waiting");
    const { url } = (await f.get(`/api/v1/runs/${run}`)).body.run.progress;
    const send = async (type: string, body: string | Uint8Array<ArrayBuffer>) =>
      f.send(url, { token: null, method: "POST", headers: { "content-type": type }, body });
    expect((await send("application/json", "{")).body.error.code).toBe("invalid_json");
    expect((await send("text/plain", new Uint8Array([0xff]))).body.error.code).toBe("invalid_json");
    expect((await send("image/png", "x")).body.error.code).toBe("unsupported_media_type");
    expect((await send("application/vnd.sluice.value+msgpack", new Uint8Array([0xc1, 1]))).body.error.code).toBe(
      "value_bad_encoding",
    );
    expect((await send("application/json", "1")).status).toBe(200);
    expect((await outcome(run)).output).toEqual({ got: 1 });
  });
});

describe("events", () => {
  test("wake what waits for them, and are taken once by id", async () => {
    const run = await waiting("hears");
    const other = await f.post("/api/v1/events", { name: "paid", payload: { ok: true }, key: "o-2" });
    expect(other).toMatchObject({ status: 201, body: { duplicate: false } });
    const paid = { name: "paid", payload: { ok: true, sum: 3 }, key: "o-1", id: "evt-1" };
    const first = await f.post("/api/v1/events", paid);
    const second = await f.post("/api/v1/events", paid);
    expect([first.status, second.status]).toEqual([201, 200]);
    expect(second.body).toEqual({ event: first.body.event, duplicate: true });
    expect((await outcome(run)).output).toEqual({ ok: true, sum: 3 });
  });

  test.each([
    {},
    { name: "" },
    { name: 7 },
    { name: "a\u0000b" },
    { name: "\ud800" },
    { name: "x".repeat(513) },
    { name: "a", key: {} },
    { name: "a", other: 1 },
    null,
    7,
  ])("%j is no event", async (event) => {
    const { status, body } = await f.post("/api/v1/events", event);
    expect(status).toBe(400);
    expect(body.error).toMatchObject({ code: "bad_request", hint: expect.any(String) });
  });

  test("in the value format must hold values", async () => {
    expect((await f.postValue("/api/v1/events", { name: "v", payload: encodeValue(new Date(1)) })).status).toBe(201);
    for (const payload of [new Uint8Array([0xc1]), new Uint8Array(33).fill(0xc1), new Uint8Array(0), "text", 7]) {
      const { status, body } = await f.postValue("/api/v1/events", { name: "v", payload });
      expect(status).toBe(400);
      expect(body.error).toMatchObject({ code: "value_bad_encoding", hint: expect.any(String) });
    }
  });
});
