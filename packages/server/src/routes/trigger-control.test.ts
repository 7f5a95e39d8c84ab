// Polls, event triggers and forms over HTTP: how far they have got, and what operators can do.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { manual, onEvent, poll, workflow } from "@sluice/sdk";
import type { StandardSchemaV1, Trigger } from "@sluice/sdk";
import { HttpFixture } from "../http-fixture.ts";

const positive: StandardSchemaV1<unknown, number> = {
  "~standard": {
    version: 1,
    vendor: "test",
    validate: (value) =>
      typeof value === "number" && value > 0 ? { value } : { issues: [{ message: "is not positive" }] },
  },
};
function echo(name: string, ...triggers: Trigger[]) {
  return workflow<unknown>({ name, triggers }, async (_ctx, input) => input);
}

const items: { id: number }[] = [];
let f: HttpFixture;
beforeAll(async () => {
  f = await HttpFixture.make({
    workflows: [
      echo("feed", poll("items", { every: "1h", fetch: () => ({ items, cursor: { seen: items.length } }) })),
      echo("paid", onEvent("order.paid", { match: { ok: true }, debounce: { wait: "1s", maxWait: "5s", key: "id" } })),
      echo("form", manual({ title: "Count", description: "Say how many", schema: positive })),
    ],
  });
});
afterAll(async () => f[Symbol.asyncDispose]());

test("triggers are listed with what they do and how far they have got", async () => {
  await f.post("/api/v1/triggers/feed%3Aitems/run");
  const { triggers } = (await f.get("/api/v1/triggers")).body;
  expect(triggers.map((each: { id: string }) => each.id)).toEqual(["feed:items", "form:manual", "paid:order.paid"]);
  const [feed, form, paid] = triggers;
  expect(feed).toMatchObject({
    kind: "poll",
    failures: 0,
    waiting: null,
    poll: { everyMs: 3_600_000, timeoutMs: 30_000, backoffMaxMs: 900_000, cursor: { seen: 0 } },
    nextAt: expect.any(Number),
    webhook: null,
  });
  expect(form.manual).toMatchObject({ title: "Count", description: "Say how many" });
  expect(paid).toMatchObject({
    event: { name: "order.paid", match: { ok: true }, functions: false },
    debounce: { waitMs: 1_000, maxMs: 5_000, key: "id" },
  });
  expect((await f.get("/api/v1/triggers?workflow=form")).body.triggers).toHaveLength(1);
  const { workflow: shown } = (await f.get("/api/v1/workflows/feed")).body;
  expect(shown.triggers).toEqual([{ type: "other", kind: "poll", name: "items" }]);
});

test("a poll can be asked to look now", async () => {
  items.push({ id: 1 });
  const polled = await f.post("/api/v1/triggers/feed%3Aitems/run");
  expect(polled).toMatchObject({
    status: 200,
    body: { runId: null, trigger: { fired: 1, poll: { cursor: { seen: 1 } } } },
  });
  expect((await f.get("/api/v1/runs?workflow=feed")).body.runs[0]).toMatchObject({
    input: { id: 1 },
    by: "trigger:feed:items",
  });
  expect((await f.post("/api/v1/triggers/paid%3Aorder.paid/run")).body.error.code).toBe("conflict");
  expect((await f.post("/api/v1/triggers/none/run")).body.error.code).toBe("trigger_not_found");
});

test("a form starts a run with what was filled in, once for a key", async () => {
  const start = async (values: unknown, idempotencyKey?: string) =>
    f.post("/api/v1/triggers/form%3Amanual/run", {
      values,
      ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
    });
  expect((await start(-1)).body.error.code).toBe("invalid_input");
  const first = await start(7, "once");
  expect(first).toMatchObject({ status: 201, body: { created: true } });
  expect(await start(7, "once")).toMatchObject({ status: 200, body: { created: false, runId: first.body.runId } });
  expect((await f.get(`/api/v1/runs/${first.body.runId}`)).body.run.input).toBe(7);
});

test("deliveries are only made to webhooks", async () => {
  expect((await f.post("/api/v1/triggers/form%3Amanual/test")).body.error.code).toBe("conflict");
});

test("pausing and resuming is written to the audit trail", async () => {
  await f.post("/api/v1/triggers/feed%3Aitems/pause");
  expect((await f.get("/api/v1/triggers/feed%3Aitems")).body.trigger).toMatchObject({ paused: true, nextAt: null });
  await f.post("/api/v1/triggers/feed%3Aitems/resume");
  const { records } = (await f.get("/api/v1/audit?action=trigger:pause")).body;
  expect(records[0]).toMatchObject({ target: "trigger:feed:items", outcome: "done" });
});
