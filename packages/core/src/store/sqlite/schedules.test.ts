import { expect, test } from "bun:test";
import { engineItself } from "../../kernel/inner-actor.ts";
import { encodeBlobRef } from "../../kernel/blob-ref.ts";
import { ada, start, value } from "../run-store.fixture.suite.ts";
import { newRun, withBench } from "./sqlite-store.fixture.suite.ts";

const bench = withBench();
const schedule = (id: string, input: Uint8Array) =>
  ({
    id,
    workflow: "order",
    cron: "* * * * *",
    timezone: "UTC",
    input,
    catchUp: "one",
    catchUpMax: 1,
    overlap: "allow",
    jitterMs: 0,
    createdAt: start,
    source: "code",
  }) as const;
const put = (...schedules: ReturnType<typeof schedule>[]) =>
  bench.on.verb("putSchedules", { by: ada, workflows: ["order"], schedules, now: start });

test("an input in a blob is named as long as the schedule has it", () => {
  const owners = () => bench.on.column("SELECT owner FROM blob_refs");
  put(schedule("a", encodeBlobRef("ab".repeat(32))));
  expect(owners()).toEqual(["schedule a"]);
  put(schedule("a", value({})));
  expect(owners()).toEqual([]);
});

test("a nominal time whose run is there already is skipped", () => {
  put(schedule("a", value({})));
  bench.on.hot("r1");
  const runs = [newRun("r1", { schedule: "a" }), newRun("r2", { schedule: "a" })];
  const notice = { status: "cancelled", reason: "cancelled_by_schedule", message: "next" } as const;
  const cancel = { notice, error: value("next") };
  const p = {
    by: engineItself,
    schedule: "a",
    expect: start,
    handledUntil: start + 1,
    runs,
    overlap: "allow",
    cancel,
    now: start,
  } as const;
  expect(bench.on.verb("fireSchedule", p)).toMatchObject({ outcome: "ok", created: [{ id: "r2" }], skipped: 1 });
});
