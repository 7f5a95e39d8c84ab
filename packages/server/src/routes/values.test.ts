// Values by themselves: whole, as JSON or as they are stored, also those that are left out of lists for their size.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { blobRefOf } from "@sluice/core";
import { openBlobs } from "@sluice/core/store/sqlite";
import { decodeValue } from "@sluice/protocol";
import { valueMediaType } from "@sluice/protocol/http";
import { schemas } from "@sluice/protocol/http-schemas";
import { workflow } from "@sluice/sdk";
import { HttpFixture } from "../http-fixture.ts";
import type { Answer } from "../http-fixture.ts";

/** More than a row takes, with what JSON has no word for. */
const large = { rows: Array.from({ length: 20_000 }, (_, n) => ({ n, at: new Date(n), text: "ü<script>" })) };
const shown = JSON.parse(JSON.stringify(large)) as unknown;
const big = workflow<{ fail?: number }>({ name: "big" }, async (ctx, input) => {
  await ctx.step("small", () => ({ a: 1 }));
  await ctx.step("large", () => large);
  let tries = 0;
  await ctx.step(
    "flaky",
    () => {
      if (tries++ < (input.fail ?? 0)) throw Object.assign(new Error(`no ${tries}`), { code: "ELUCK" });
    },
    { retry: { attempts: 9, delay: 1 } },
  );
  await ctx.token("paid");
  await ctx.waitFor("never");
  return large;
});

const folder = mkdtempSync(join(tmpdir(), "sluice-values-"));
const blobs = openBlobs({ folder });
let f: HttpFixture;
beforeAll(async () => {
  f = await HttpFixture.make({
    workflows: [big],
    blobs,
    http: { limits: { valueThreadsMax: 1, valueThreadsWaitingMax: 1 } },
  });
  await f.post("/api/v1/workflows/big/runs", { id: "r1", input: { fail: 2 } });
  await f.until("r1", "waiting");
});
afterAll(async () => {
  await f[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

const value = (part: string, headers: Record<string, string> = {}): Promise<Answer> =>
  f.send(`/api/v1/runs/r1/values/${part}`, { headers });

describe("one value", () => {
  test("of a row comes as JSON, as a file to keep", async () => {
    const { status, headers, body } = await value("0");
    expect([status, body]).toEqual([200, { a: 1 }]);
    expect(headers.get("content-type")).toBe("application/json");
    expect(headers.get("content-disposition")).toBe('attachment; filename="r1-0.json"');
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    expect((await value("input")).body).toEqual({ fail: 2 });
  });

  test("that is large comes whole, as JSON and as it is stored", async () => {
    const { headers, body } = await value("1");
    expect(body).toEqual(shown);
    expect(headers.get("content-disposition")).toContain("r1-1.json");
    const stored = await f.http.fetch(f.request("/api/v1/runs/r1/values/1", { headers: { accept: valueMediaType } }));
    expect(stored.headers.get("content-type")).toBe(valueMediaType);
    expect(decodeValue(new Uint8Array(await stored.arrayBuffer()))).toEqual(large);
  });

  test("is not sent again to those who have it", async () => {
    for (const part of ["0", "1"]) {
      const etag = (await value(part)).headers.get("etag") ?? "";
      const again = await value(part, { "if-none-match": etag });
      expect([again.status, again.body, again.headers.get("etag")]).toEqual([304, null, etag]);
      // In the other form it is something else.
      expect((await value(part, { "if-none-match": etag, accept: valueMediaType })).status).toBe(200);
    }
  });

  test("that is not there is refused with the way out", async () => {
    for (const [part, code] of [
      ["output", "not_found"],
      ["4", "not_found"],
      ["99", "step_not_found"],
      ["none", "step_not_found"],
      ["1e9", "step_not_found"],
    ] as const) {
      const { status, body } = await value(part);
      expect([part, status, body.error.code]).toEqual([part, 404, code]);
      expect(body.error.hint).toBeString();
    }
    expect((await f.get("/api/v1/runs/none/values/input")).body.error.code).toBe("run_not_found");
    expect((await f.get("/api/v1/runs/r1/values/0?x=1")).status).toBe(400);
  });

  test("is for those who may read the run, and a callback's token for those who may decide", async () => {
    const token = async (body: object) => (await f.post("/api/v1/tokens", { name: "t", ...body })).body.token as string;
    const other = await token({ role: "viewer", limits: { workflow: ["other"] } });
    const viewer = await token({ role: "viewer" });
    const operator = await token({ role: "operator" });
    const codes = async (part: string, as: string) => {
      const { status, body } = await f.send(`/api/v1/runs/r1/values/${part}`, { token: as });
      return status === 200 ? 200 : body.error.code;
    };
    expect(await codes("0", other)).toBe("run_not_found");
    expect(await codes("0", viewer)).toBe(200);
    expect(await codes("3", viewer)).toBe("not_found");
    expect(await codes("3", operator)).toBe(200);
  });

  test("is downloaded with a ticket, once", async () => {
    const route = "/api/v1/runs/r1/values/0";
    const { ticket } = (await f.post("/api/v1/auth/tickets", { route })).body;
    expect((await f.send(`${route}?ticket=${ticket}`, { token: null })).body).toEqual({ a: 1 });
    expect((await f.send(`${route}?ticket=${ticket}`, { token: null })).status).toBe(401);
  });

  test("whose blob is lost is a failure that says so, and leaves no thread behind", async () => {
    const entry = await f.store.figures.getEntry({ run: "r1", seq: 1 });
    const file = blobs.fileOf(blobRefOf(entry?.value) ?? "");
    const bytes = await Bun.file(file).bytes();
    rmSync(file);
    try {
      expect(await value("1")).toMatchObject({ status: 503, body: { error: { code: "store_failed" } } });
    } finally {
      writeFileSync(file, bytes);
    }
    expect((await value("1")).status).toBe(200);
  });
});

describe("large values at once", () => {
  test("wait for their turn, past that they are refused; one that is not read to its end makes room", async () => {
    const open = (): Promise<Response> => f.http.fetch(f.request("/api/v1/runs/r1/values/1"));
    const first = await open();
    // One of two waits and the other one is refused; which of them is whose look at its run came first.
    const others = [open(), open()];
    const refused = await Promise.race(others);
    expect(refused.status).toBe(429);
    expect(refused.headers.get("retry-after")).toBe("1");
    await first.body?.cancel();
    const waited = (await Promise.all(others)).find((each) => each !== refused);
    expect(await waited?.json()).toEqual(shown);
    expect((await value("1")).body).toEqual(shown);
  });
});

describe("steps", () => {
  test("leave large outputs out and say how large they are", async () => {
    const { body } = await f.get("/api/v1/runs/r1/steps");
    expect(schemas.Steps.safeParse(body).error?.message).toBeUndefined();
    const [small, largeOne, , token, waits] = body.steps;
    expect(small).toMatchObject({ output: { a: 1 }, attempts: [] });
    expect(small.outputBytes).toBeGreaterThan(0);
    expect(small.omitted).toBeUndefined();
    expect(largeOne).toMatchObject({ output: null, omitted: ["output"] });
    expect(largeOne.outputBytes).toBeGreaterThan(500_000);
    expect(JSON.stringify(body).length).toBeLessThan(5_000);
    expect(token).toMatchObject({ kind: "token" });
    expect(waits).toMatchObject({ kind: "event", status: "running", outputBytes: null });
  });

  test("tell of earlier attempts, with their errors and times", async () => {
    const { steps } = (await f.get("/api/v1/runs/r1/steps?stacks=true")).body;
    const flaky = steps[2];
    expect(flaky).toMatchObject({ name: "flaky", attempt: 3, status: "completed" });
    expect(flaky.attempts).toMatchObject([
      { attempt: 1, error: { message: "no 1", details: { code: "ELUCK" } } },
      { attempt: 2, error: { message: "no 2" } },
    ]);
    expect(flaky.attempts[0].error.details.stack).toContain("no 1");
    expect(flaky.attempts[0].endedAt).toBeLessThanOrEqual(flaky.attempts[1].endedAt);
    expect((await f.get("/api/v1/runs/r1/steps")).body.steps[2].attempts[0].error.details.stack).toBeUndefined();
  });
});
