import { expect, test } from "bun:test";
import { start } from "../run-store.fixture.suite.ts";
import { withBench } from "./sqlite-store.fixture.suite.ts";

const bench = withBench();

test("a schedule that is put again keeps what was handled and whether it is paused", () => {
  const { schedules } = bench.on.t;
  const yearly = {
    id: "order/yearly",
    workflow: "order",
    cron: "0 0 1 1 *",
    timezone: "UTC",
    input: new Uint8Array([1]),
    catchUp: "one",
    catchUpMax: 1,
    overlap: "skip",
    jitterMs: 0,
    createdAt: start,
    source: "code",
  } as const;
  schedules.put(yearly);
  expect(schedules.get(yearly.id)).toEqual({ ...yearly, paused: false, handledUntil: start });
  schedules.setPaused(yearly.id, true, start + 1);
  schedules.setHandled(yearly.id, start + 5);
  schedules.put({ ...yearly, cron: "0 0 2 1 *", createdAt: start + 9 });
  expect(schedules.list()).toEqual([{ ...yearly, cron: "0 0 2 1 *", paused: true, handledUntil: start + 5 }]);
  schedules.setPaused(yearly.id, false, start + 7);
  expect(schedules.get(yearly.id)).toMatchObject({ paused: false, handledUntil: start + 7 });
  expect(schedules.idsFromCode("order")).toEqual([yearly.id]);
  schedules.delete(yearly.id);
  expect(schedules.get(yearly.id)).toBeUndefined();
});
