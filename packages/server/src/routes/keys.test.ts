// Encrypted payloads over HTTP: runs show their values to those who may see them, until they are erased.
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { webhook, workflow } from "@sluice/sdk";
import { HttpFixture } from "../http-fixture.ts";

const sealed = workflow(
  { name: "sealed", encrypt: true, triggers: [webhook("/sealed")] },
  async (ctx, text: string) => {
    ctx.log(`log of ${text}`, { text });
    ctx.stream(`chunk of ${text}`);
    ctx.progress(text);
    const big = await ctx.step("big", () => text.repeat(3));
    if (text === "fails") throw new Error(`error of ${text}`);
    if (text === "waits") await ctx.waitFor("go");
    return { big };
  },
);
const open = workflow({ name: "open", triggers: [webhook("/open")] }, async () => 1);

let f: HttpFixture;
beforeEach(async () => {
  f = await HttpFixture.make({ workflows: [sealed, open] });
});
afterEach(() => f[Symbol.asyncDispose]());

async function run(name: string, input: unknown): Promise<string> {
  const { body } = await f.post(`/api/v1/workflows/${name}/runs?wait=10s`, { input });
  return (body as { run: { id: string } }).run.id;
}
const get = async (path: string): Promise<Record<string, never>> => (await f.send(path)).body as Record<string, never>;

describe("an encrypted run over HTTP", () => {
  test("is shown with its values, and says that they are encrypted", async () => {
    const id = await run("sealed", "abc");
    expect(await get(`/api/v1/runs/${id}`)).toMatchObject({
      run: { payload: "encrypted", input: "abc", output: { big: "abcabcabc" }, progress: "abc", error: null },
    });
    expect((await get(`/api/v1/runs/${id}/steps`))["steps"]).toMatchObject([{ name: "big", output: "abcabcabc" }]);
    expect((await get(`/api/v1/runs/${id}/logs`))["logs"]).toMatchObject([
      { message: "log of abc", data: { text: "abc" } },
    ]);
    const stream = await f.http.fetch(f.request(`/api/v1/runs/${id}/stream`), f.connections);
    expect(await stream.text()).toContain("chunk of abc");
    expect((await f.send(`/api/v1/runs/${id}/values/output`)).body).toEqual({ big: "abcabcabc" });
    expect((await get("/api/v1/runs"))["runs"]).toMatchObject([{ id, payload: "encrypted", input: null }]);
    const failed = await run("sealed", "fails");
    expect(await get(`/api/v1/runs/${failed}`)).toMatchObject({ run: { error: { message: "error of fails" } } });
  });

  test("that was erased keeps its shape, and says so with a code wherever a value was", async () => {
    const id = await run("sealed", "abc");
    expect(await f.post(`/api/v1/runs/${id}/erase`)).toMatchObject({ status: 200, body: { runs: 1 } });
    expect(await get(`/api/v1/runs/${id}`)).toMatchObject({
      run: { status: "completed", payload: "erased", input: null, output: null, error: { code: "payload_erased" } },
    });
    expect((await get(`/api/v1/runs/${id}/steps`))["steps"]).toMatchObject([
      { name: "big", status: "completed", output: null, error: { code: "payload_erased" } },
    ]);
    expect((await get(`/api/v1/runs/${id}/logs`))["logs"]).toEqual([] as never);
    const gone = { status: 410, body: { error: { code: "payload_erased" } } };
    expect(await f.send(`/api/v1/runs/${id}/values/output`)).toMatchObject(gone);
    expect(await f.post(`/api/v1/runs/${id}/fork`)).toMatchObject(gone);
    expect(await f.send(`/api/v1/runs/${id}/export`)).toMatchObject(gone);
    const failed = await run("sealed", "fails");
    await f.post(`/api/v1/runs/${failed}/erase`);
    expect(await f.post(`/api/v1/runs/${failed}/retry`)).toMatchObject(gone);
  });

  test("is not erased before it has ended, nor one that is not encrypted", async () => {
    const started = await f.post("/api/v1/workflows/sealed/runs", { input: "waits" });
    const { id } = (started.body as { run: { id: string } }).run;
    await f.until(id, "waiting");
    expect(await f.post(`/api/v1/runs/${id}/erase`)).toMatchObject({
      status: 409,
      body: { error: { code: "run_not_final" } },
    });
    const plain = await run("open", null);
    expect(await f.post(`/api/v1/runs/${plain}/erase`)).toMatchObject({
      status: 404,
      body: { error: { code: "key_not_found" } },
    });
    expect(await f.post("/api/v1/runs/none/erase")).toMatchObject({
      status: 404,
      body: { error: { code: "run_not_found" } },
    });
  });
});

describe("keys", () => {
  test("are counted by workflow, rotated and erased, and the trail says so", async () => {
    const id = await run("sealed", "abc");
    expect(await get("/api/v1/keys")).toEqual({
      workflows: [
        { workflow: ":events", keys: 1, erased: 0, readable: true },
        { workflow: "sealed", keys: 1, erased: 0, readable: true },
      ],
    } as never);
    expect((await f.post("/api/v1/keys/rotate")).body).toEqual({ workflows: 2, rewrapped: 2 });
    expect((await f.post("/api/v1/keys/rotate", { workflow: "sealed" })).body).toEqual({ workflows: 1, rewrapped: 1 });
    expect(await get(`/api/v1/runs/${id}`)).toMatchObject({ run: { input: "abc" } });
    expect((await f.post("/api/v1/keys/erase", { workflow: "sealed" })).body).toEqual({ keys: 1, runs: 1 });
    expect(await get(`/api/v1/runs/${id}`)).toMatchObject({ run: { payload: "erased" } });
    expect(await f.post("/api/v1/keys/erase", { workflow: "open" })).toMatchObject({ status: 404 });
    expect(await f.post("/api/v1/keys/rotate", { workflow: "none" })).toMatchObject({
      status: 404,
      body: { error: { code: "key_not_found" } },
    });
    const rows = await f.store.audit.readAudit({ after: 0, limit: 100 });
    const actions = rows.map(({ action, target }) => `${action} ${target}`).filter((text) => text.startsWith("key:"));
    expect(new Set(actions.map((text) => text.replace(/ key:.*/, " key")))).toEqual(
      new Set(["key:rotate workflow::events", "key:rotate workflow:sealed", "key:erase key"]),
    );
  });

  test("a webhook of an encrypted workflow keeps no body that it was called with", async () => {
    const bytes = { headers: { "content-type": "application/json" }, method: "POST", body: JSON.stringify("abc") };
    expect((await f.send("/hooks/sealed", bytes)).status).toBeLessThan(300);
    expect((await f.send("/hooks/open", bytes)).status).toBeLessThan(300);
    const bodies = async (name: string): Promise<unknown[]> => {
      const deliveries = await f.store.triggers.listDeliveries({ workflow: name, limit: 9 });
      const found = await Promise.all(deliveries.map(({ id }) => f.store.triggers.getDelivery({ delivery: id })));
      return found.map((delivery) => delivery?.body?.length);
    };
    expect([await bodies("sealed"), await bodies("open")]).toEqual([[undefined], [5]]);
  });
});
