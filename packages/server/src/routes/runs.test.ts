import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { decodeErrorValue, decodeValue, encodeValue } from "@sluice/protocol";
import { NonRetryableError, workflow } from "@sluice/sdk";
import { HttpFixture } from "../http-fixture.ts";

const greet = workflow<{ name: string }, string>({ name: "greet" }, async (ctx, input) => {
  return ctx.step("say", () => `Hello, ${input.name}!`);
});
const rich = workflow<unknown>({ name: "shop/rich" }, async (ctx, input) => ctx.step("same", () => input));
const fails = workflow<{ fail: boolean }>({ name: "fails" }, async (ctx, input) => {
  await ctx.step("fine", () => 1);
  return ctx.step("breaks", () => {
    if (input.fail) throw new NonRetryableError("no luck", { code: "ELUCK" });
    return 2;
  });
});
const waits = workflow({ name: "waits" }, async (ctx) => {
  await ctx.step("first", () => 1);
  ctx.log("before", { n: 1 });
  return ctx.waitFor<string>("go");
});

let f: HttpFixture;
beforeAll(async () => {
  f = await HttpFixture.make({ workflows: [greet, rich, fails, waits] });
});
afterAll(async () => f[Symbol.asyncDispose]());

async function started(name: string, input: unknown = {}): Promise<string> {
  const { body } = await f.post(`/api/v1/workflows/${name}/runs`, { input });
  return body.run.id;
}

describe("starting a run", () => {
  test("answers 201 with the run, and the run is there", async () => {
    const { status, body } = await f.post("/api/v1/workflows/greet/runs", {
      input: { name: "Ada" },
      tags: ["eu"],
      priority: 3,
    });
    expect(status).toBe(201);
    expect(body).toMatchObject({
      created: true,
      run: {
        workflow: "greet",
        version: "v1",
        input: { name: "Ada" },
        tags: ["eu"],
        priority: 3,
        by: "token:bootstrap",
      },
    });
    const after = await f.get(`/api/v1/runs/${body.run.id}?wait=10s`);
    expect(after.status).toBe(200);
    expect(after.body.run).toMatchObject({ status: "completed", output: "Hello, Ada!", error: null });
    expect(after.body.run.endedAt).toBeGreaterThanOrEqual(after.body.run.createdAt);
  });

  test("with wait answers when it has ended", async () => {
    const { status, body } = await f.post("/api/v1/workflows/greet/runs?wait=10s", { input: { name: "Bob" } });
    expect(status).toBe(201);
    expect(body.run).toMatchObject({ status: "completed", output: "Hello, Bob!" });
  });

  test("with wait answers 202 with the unfinished run when the time is up", async () => {
    const { status, body } = await f.post("/api/v1/workflows/waits/runs?wait=5ms", {});
    expect(status).toBe(202);
    expect(["queued", "running", "waiting"]).toContain(body.run.status);
    await f.post(`/api/v1/runs/${body.run.id}/cancel`);
  });

  test("with a key is repeatable, and refused with another input", async () => {
    const path = "/api/v1/workflows/greet/runs";
    const first = await f.post(path, { input: { name: "A", age: 1 }, idempotencyKey: "k-1" });
    const second = await f.post(path, { input: { age: 1, name: "A" }, idempotencyKey: "k-1" });
    const third = await f.post(path, { input: { name: "B" } }, { "idempotency-key": "k-1" });
    expect([first.status, second.status, third.status]).toEqual([201, 200, 409]);
    expect(second.body.run.id).toBe(first.body.run.id);
    expect(second.body.created).toBe(false);
    expect(third.body.error.code).toBe("idempotency_conflict");
    expect(third.body.error.message).toContain(first.body.run.id);
    expect(third.body.error.message).toContain("k-1");
  });

  test("of a workflow with a slash in its name encodes the name", async () => {
    const { status, body } = await f.post("/api/v1/workflows/shop%2Frich/runs?wait=10s", { input: [1, { a: null }] });
    expect(status).toBe(201);
    expect(body.run.output).toEqual([1, { a: null }]);
  });

  test("in the value format carries values that JSON has no word for", async () => {
    const input = { when: new Date(5), many: new Map([[1, new Set([2n])]]), none: undefined };
    const { status, body } = await f.postValue("/api/v1/workflows/shop%2Frich/runs?wait=10s", {
      input: encodeValue(input),
    });
    expect(status).toBe(201);
    expect(decodeValue(body.run.input)).toEqual(input);
    expect(decodeValue(body.run.output)).toEqual(input);
    const shown = await f.get(`/api/v1/runs/${body.run.id}`);
    expect(shown.body.run.output).toEqual({ when: "1970-01-01T00:00:00.005Z", many: [[1, ["2"]]] });
  });

  test("of an unknown workflow is refused", async () => {
    const { status, body } = await f.post("/api/v1/workflows/nope/runs", {});
    expect(status).toBe(404);
    expect(body.error.code).toBe("workflow_not_found");
  });

  test("with a delay is not executed yet", async () => {
    const { body } = await f.post("/api/v1/workflows/greet/runs", { input: { name: "x" }, delay: "1 hour" });
    expect(body.run).toMatchObject({ status: "queued", statusReason: "delayed" });
    expect(body.run.dueAt - body.run.createdAt).toBe(3_600_000);
  });

  test("with an id takes it once", async () => {
    const path = "/api/v1/workflows/greet/runs";
    expect((await f.post(path, { id: "my-run", input: { name: "x" } })).body.run.id).toBe("my-run");
    const again = await f.post(path, { id: "my-run", input: { name: "x" } });
    expect(again.status).toBe(409);
    expect(again.body.error.code).toBe("run_id_taken");
  });
});

describe("reading runs", () => {
  test("shows the error of one that failed, without its stack", async () => {
    const run = await started("fails", { fail: true });
    const { body } = await f.get(`/api/v1/runs/${run}?wait=10s`);
    expect(body.run).toMatchObject({
      status: "failed",
      output: null,
      error: { code: "step_failed", message: "no luck", details: { name: "NonRetryableError", code: "ELUCK" } },
    });
    expect(JSON.stringify(body)).not.toContain("runs.test.ts");
    const raw = await f.send(`/api/v1/runs/${run}`, { headers: { accept: "application/vnd.sluice.value+msgpack" } });
    expect(decodeErrorValue(raw.body.run.error)).toMatchObject({ name: "NonRetryableError", code: "ELUCK" });
  });

  test("lists them newest first, by page and by filter", async () => {
    const ids: string[] = [];
    for (let i = 0; i < 5; i++) {
      const { body } = await f.post("/api/v1/workflows/greet/runs?wait=10s", {
        input: { name: "l" },
        tags: ["listed"],
      });
      ids.unshift(body.run.id);
    }
    const seen: string[] = [];
    let cursor: string | null = null;
    do {
      const query: string = cursor === null ? "" : `&cursor=${encodeURIComponent(cursor)}`;
      const { body } = await f.get(`/api/v1/runs?tag=listed&workflow=greet&status=completed,failed&limit=2${query}`);
      expect(body.runs.length).toBeLessThanOrEqual(2);
      seen.push(...body.runs.map((run: { id: string }) => run.id));
      cursor = body.nextCursor;
    } while (cursor !== null);
    expect(seen).toEqual(ids);
    expect((await f.get("/api/v1/runs?tag=listed&from=2999-01-01")).body.runs).toEqual([]);
    expect((await f.get("/api/v1/runs?tag=listed&to=1")).body.runs).toEqual([]);
    expect((await f.get("/api/v1/runs?tag=listed&status=failed")).body.runs).toEqual([]);
    expect((await f.get("/api/v1/runs?tag=listed&workflow=fails")).body.runs).toEqual([]);
    expect((await f.get("/api/v1/runs?tag=listed&from=1&to=2999-01-01")).body.runs).toHaveLength(5);
  });

  test("shows the steps, by page", async () => {
    const run = await started("fails", { fail: true });
    await f.get(`/api/v1/runs/${run}?wait=10s`);
    const all = await f.get(`/api/v1/runs/${run}/steps`);
    expect(all.body).toMatchObject({
      nextCursor: null,
      steps: [
        { seq: 0, kind: "step", name: "fine", status: "completed", output: 1, attempt: 1, order: 1 },
        {
          seq: 1,
          kind: "step",
          name: "breaks",
          status: "failed",
          output: null,
          error: { details: { code: "ELUCK" } },
          order: 2,
        },
      ],
    });
    const first = await f.get(`/api/v1/runs/${run}/steps?limit=1`);
    const second = await f.get(`/api/v1/runs/${run}/steps?limit=1&cursor=${first.body.nextCursor}`);
    expect([...first.body.steps, ...second.body.steps]).toEqual(all.body.steps);
    expect(second.body.nextCursor).toBeNull();
  });

  test("shows what it logged", async () => {
    const run = await started("waits");
    await f.until(run, "waiting");
    const { body } = await f.get(`/api/v1/runs/${run}/logs`);
    expect(body.logs).toMatchObject([{ level: "info", message: "before", data: { n: 1 } }]);
    await f.post("/api/v1/events", { name: "go", payload: "now" });
    expect((await f.get(`/api/v1/runs/${run}?wait=10s`)).body.run.output).toBe("now");
  });

  test("of an unknown id is refused everywhere", async () => {
    for (const path of ["", "/steps", "/logs", "/events"]) {
      const { status, body } = await f.get(`/api/v1/runs/run_unknown${path}`);
      expect(status).toBe(404);
      expect(body.error).toMatchObject({ code: "run_not_found", hint: expect.any(String) });
    }
  });
});

describe("operating a run", () => {
  test("cancels it with a reason", async () => {
    const run = await started("waits");
    const { status } = await f.post(`/api/v1/runs/${run}/cancel`, { reason: "not needed" });
    expect(status).toBe(200);
    const { body } = await f.get(`/api/v1/runs/${run}?wait=10s`);
    expect(body.run).toMatchObject({
      status: "cancelled",
      statusReason: "cancelled_by_user",
      error: { message: "not needed" },
    });
    const again = await f.post(`/api/v1/runs/${run}/cancel`);
    expect(again.status).toBe(409);
    expect(again.body.error.code).toBe("run_is_final");
  });

  test("pauses and resumes it", async () => {
    const run = await started("waits");
    await f.until(run, "waiting");
    expect((await f.post(`/api/v1/runs/${run}/pause`)).status).toBe(200);
    await f.until(run, "paused");
    await f.post("/api/v1/events", { name: "go", payload: "later" });
    expect((await f.get(`/api/v1/runs/${run}`)).body.run.status).toBe("paused");
    expect((await f.post(`/api/v1/runs/${run}/resume`)).status).toBe(200);
    expect((await f.get(`/api/v1/runs/${run}?wait=10s`)).body.run.output).toBe("later");
    expect((await f.post(`/api/v1/runs/${run}/resume`)).body.error.code).toBe("run_not_paused");
  });

  test("retries it from the step that failed", async () => {
    const run = await started("fails", { fail: true });
    await f.get(`/api/v1/runs/${run}?wait=10s`);
    const { status, body } = await f.post(`/api/v1/runs/${run}/retry`, { code: "pinned" });
    expect(status).toBe(200);
    expect(body.run.attempt).toBe(2);
    const after = await f.get(`/api/v1/runs/${run}?wait=10s`);
    expect(after.body.run.status).toBe("failed");
    const { steps } = (await f.get(`/api/v1/runs/${run}/steps`)).body;
    expect(steps.map((step: { name: string }) => step.name)).toEqual(["fine", "breaks"]);
  });

  test("forks it with another input", async () => {
    const run = await started("fails", { fail: true });
    await f.get(`/api/v1/runs/${run}?wait=10s`);
    const { status, body } = await f.post(`/api/v1/runs/${run}/fork`, { from: "breaks", input: { fail: false } });
    expect(status).toBe(201);
    expect(body.run).toMatchObject({ forkedFrom: run, input: { fail: false } });
    const after = await f.get(`/api/v1/runs/${body.run.id}?wait=10s`);
    expect(after.body.run).toMatchObject({ status: "completed", output: 2 });
    const nowhere = await f.post(`/api/v1/runs/${run}/fork`, { from: "nowhere" });
    expect(nowhere.body.error.code).toBe("step_not_found");
  });

  test("deletes it once it has ended", async () => {
    const run = await started("waits");
    const early = await f.send(`/api/v1/runs/${run}`, { method: "DELETE" });
    expect(early.body.error.code).toBe("run_not_final");
    await f.post(`/api/v1/runs/${run}/cancel`);
    await f.get(`/api/v1/runs/${run}?wait=10s`);
    expect((await f.send(`/api/v1/runs/${run}`, { method: "DELETE" })).status).toBe(204);
    expect((await f.get(`/api/v1/runs/${run}`)).status).toBe(404);
  });

  test("acts on many by filter, and counts first", async () => {
    for (let i = 0; i < 3; i++) await f.post("/api/v1/workflows/waits/runs", { tags: ["bulk"] });
    const bulk = { action: "cancel", filter: { tag: "bulk", workflow: "waits" } };
    expect((await f.post("/api/v1/runs/bulk", { ...bulk, dryRun: true })).body).toEqual({
      matched: 3,
      changed: 0,
      refused: 0,
    });
    expect((await f.post("/api/v1/runs/bulk", bulk)).body).toEqual({ matched: 3, changed: 3, refused: 0 });
    expect((await f.post("/api/v1/runs/bulk", { ...bulk, filter: { workflow: null } })).status).toBe(400);
    expect((await f.post("/api/v1/runs/bulk", { ...bulk, filter: { status: [] } })).status).toBe(400);
    const future = { ...bulk, dryRun: true, filter: { ...bulk.filter, from: "2100-01-31T08:00:00Z" } };
    expect((await f.post("/api/v1/runs/bulk", future)).body.matched).toBe(0);
    const unclear = { ...future, filter: { from: "tomorrow" } };
    expect((await f.post("/api/v1/runs/bulk", unclear)).body.error.code).toBe("bad_request");
  });

  test("forks many by filter, counted first, and none of the forks", async () => {
    for (let i = 0; i < 3; i++) {
      const { body } = await f.post("/api/v1/workflows/greet/runs?wait=5s", {
        input: { name: "F" },
        tags: ["forking"],
      });
      expect(body.run.status).toBe("completed");
    }
    const bulk = { action: "fork", filter: { tag: "forking" } };
    const counted = await f.post("/api/v1/runs/bulk", { ...bulk, dryRun: true });
    expect(counted.body).toEqual({ matched: 3, changed: 0, refused: 0 });
    expect((await f.get("/api/v1/runs?tag=forking")).body.runs).toHaveLength(3);
    expect((await f.post("/api/v1/runs/bulk", bulk)).body).toEqual({ matched: 3, changed: 3, refused: 0 });
    const { runs } = (await f.get("/api/v1/runs?tag=forking")).body;
    expect(runs.filter((run: { forkedFrom: string | null }) => run.forkedFrom !== null)).toHaveLength(3);
    expect(runs).toHaveLength(6);
  });

  test("lists by the reason of a status and by when they ended", async () => {
    const failed = await started("fails", { fail: true });
    await f.until(failed, "failed");
    const { endedAt } = (await f.get(`/api/v1/runs/${failed}`)).body.run;
    const ids = async (query: string): Promise<string[]> =>
      (await f.get(`/api/v1/runs?workflow=fails&${query}`)).body.runs.map((run: { id: string }) => run.id);
    expect(await ids("reason=error,poison")).toContain(failed);
    expect(await ids("reason=poison")).toEqual([]);
    expect(await ids(`endedFrom=${endedAt}`)).toContain(failed);
    expect(await ids(`endedFrom=${endedAt + 1}`)).not.toContain(failed);
    expect((await f.get("/api/v1/runs?reason=none")).body.error.code).toBe("invalid_filter");
    const counted = (filter: object) => f.post("/api/v1/runs/bulk", { action: "retry", dryRun: true, filter });
    expect((await counted({ workflow: "fails", reason: "poison" })).body.matched).toBe(0);
    expect((await counted({ workflow: "fails", reason: ["error"], endedFrom: endedAt })).body.matched).toBeGreaterThan(
      0,
    );
  });
});
