import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { decodeValue, encodeValue } from "@sluice/protocol";
import { valueMediaType } from "@sluice/protocol/http";
import { workflow } from "@sluice/sdk";
import { HttpFixture } from "../http-fixture.ts";

const counts = workflow({ name: "area/counts" }, async (ctx) => ctx.state.workflow.incr("runs"));

let f: HttpFixture;
beforeAll(async () => {
  f = await HttpFixture.make({ workflows: [counts] });
});
afterAll(async () => f[Symbol.asyncDispose]());

async function put(path: string, body: unknown, headers: Record<string, string> = {}) {
  return f.send(path, {
    method: "PUT",
    body: JSON.stringify(body),
    headers: { "content-type": "application/json", ...headers },
  });
}

describe("state", () => {
  test("is set, read and deleted", async () => {
    const path = "/api/v1/state/global/limit";
    expect((await put(path, { value: { max: 3 } })).body).toEqual({ version: 1 });
    const { status, body, headers } = await f.get(path);
    expect(status).toBe(200);
    expect(body).toEqual({ key: "limit", value: { max: 3 }, version: 1, expiresAt: null });
    expect(headers.get("etag")).toBe('"1"');
    expect((await f.send(path, { method: "DELETE" })).status).toBe(204);
    expect((await f.get(path)).body.error.code).toBe("not_found");
    expect((await f.send(path, { method: "DELETE" })).status).toBe(404);
  });

  test("changes only from the version that is asked for", async () => {
    const path = "/api/v1/state/global/guarded";
    const created = await put(path, { value: 1 }, { "if-none-match": "*" });
    const first: number = created.body.version;
    const second = await put(path, { value: 2 }, { "if-none-match": "*" });
    expect(second.status).toBe(409);
    expect(second.body.error).toMatchObject({ code: "state_version_conflict", hint: expect.any(String) });
    expect((await put(path, { value: 2 }, { "if-match": `"${first}"` })).body).toEqual({ version: first + 1 });
    expect((await put(path, { value: 3 }, { "if-match": `"${first}"` })).status).toBe(409);
    expect((await f.send(path, { method: "DELETE", headers: { "if-match": String(first) } })).status).toBe(409);
    expect((await f.get(path)).body.value).toBe(2);
    expect((await f.send(path, { method: "DELETE", headers: { "if-match": String(first + 1) } })).status).toBe(204);
    // A key that comes back has versions of its own: what was known of the one before does not fit.
    const again = await put(path, { value: 4 });
    expect(again.body.version).toBeGreaterThan(first + 1);
    expect((await put(path, { value: 5 }, { "if-match": `"${first}"` })).status).toBe(409);
    expect((await put(path, { value: 3 }, { "if-match": "abc" })).status).toBe(400);
  });

  test("and both conditions at once are refused: one of them would be ignored", async () => {
    const { status, body } = await put(
      "/api/v1/state/global/both",
      { value: 1 },
      { "if-match": '"1"', "if-none-match": "*" },
    );
    expect([status, body.error.code]).toEqual([400, "bad_request"]);
    expect((await f.get("/api/v1/state/global/both")).status).toBe(404);
  });

  test("of a workflow is what its runs see, with any name and key", async () => {
    await f.post("/api/v1/workflows/area%2Fcounts/runs?wait=10s", {});
    const path = `/api/v1/state/${encodeURIComponent("workflow:area/counts")}/runs`;
    expect((await f.get(path)).body.value).toBe(1);
    await put(path, { value: 41 });
    expect((await f.post("/api/v1/workflows/area%2Fcounts/runs?wait=10s", {})).body.run.output).toBe(42);
    const key = "a/b %20 é ../..";
    await put(`/api/v1/state/global/${encodeURIComponent(key)}`, { value: "odd" });
    expect((await f.get("/api/v1/state/global?prefix=a/b")).body.entries).toMatchObject([{ key, value: "odd" }]);
  });

  test("of a run needs the run", async () => {
    const { body } = await f.post("/api/v1/workflows/area%2Fcounts/runs", {});
    expect((await put(`/api/v1/state/run:${body.run.id}/k`, { value: 1 })).status).toBe(200);
    expect((await put("/api/v1/state/run:run_nothing/k", { value: 1 })).body.error.code).toBe("run_not_found");
    expect((await f.get("/api/v1/state/run:run_nothing")).body.entries).toEqual([]);
  });

  test("is gone after its time to live", async () => {
    const path = "/api/v1/state/global/short";
    const before = Date.now();
    await put(path, { value: 1, ttl: "1 hour" });
    const { expiresAt } = (await f.get(path)).body;
    expect(expiresAt - before).toBeGreaterThanOrEqual(3_600_000);
    await put(path, { value: 1, ttl: 0 });
    expect((await f.get(path)).status).toBe(404);
  });

  test("is listed by page", async () => {
    for (const key of ["p-3", "p-1", "p-2"]) await put(`/api/v1/state/global/${key}`, { value: key });
    const first = await f.get("/api/v1/state/global?prefix=p-&limit=2");
    expect(first.body.entries.map((each: { key: string }) => each.key)).toEqual(["p-1", "p-2"]);
    const second = await f.get(
      `/api/v1/state/global?prefix=p-&limit=2&cursor=${encodeURIComponent(first.body.nextCursor)}`,
    );
    expect(second.body).toMatchObject({ entries: [{ key: "p-3" }], nextCursor: null });
  });

  test("in the value format keeps what JSON cannot say", async () => {
    const path = "/api/v1/state/global/rich";
    const value = new Map([[new Date(0), 1n]]);
    const body = encodeValue({ value: encodeValue(value) }) as Uint8Array<ArrayBuffer>;
    expect((await f.send(path, { method: "PUT", body, headers: { "content-type": valueMediaType } })).status).toBe(200);
    const { body: read } = await f.send(path, { headers: { accept: valueMediaType } });
    expect(decodeValue(read.value)).toEqual(value);
  });

  test.each(["local", "workflow:", "run:", "workflow:-x", "run:a/b", "global:x", "GLOBAL"])(
    "%s is no scope",
    async (scope) => {
      const { status, body } = await put(`/api/v1/state/${encodeURIComponent(scope)}/k`, { value: 1 });
      expect(status).toBe(400);
      expect(body.error).toMatchObject({ code: "bad_request", hint: expect.any(String) });
    },
  );

  test.each([{}, { value: 1, ttl: "soon" }, { value: 1, ttl: -1 }, { value: 1, ttl: true }, { value: 1, version: 3 }])(
    "%j is not set",
    async (body) => {
      expect((await put("/api/v1/state/global/never", body)).status).toBe(400);
      expect((await f.get("/api/v1/state/global/never")).status).toBe(404);
    },
  );
});
