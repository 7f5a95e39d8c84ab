// What failovers under way say when there is nothing to carry out; `recoveries.test.ts` carries them out.
import { expect, test } from "bun:test";
import { systemClock } from "../../kernel/clock.ts";
import { MemoryRunStore } from "../../store/memory/index.ts";
import { Failovers } from "./failovers.ts";
import { begun } from "./machine.ts";

test("one that there is not is not found, and ends without a trace", async () => {
  const store = new MemoryRunStore().clusters;
  const failovers = new Failovers({
    store,
    open: () => Promise.reject(new Error("nothing to open")),
    servers: { session: () => Promise.reject(new Error("no server")) },
    secret: async () => undefined,
    clock: systemClock,
    timeoutMs: 1,
  });
  const missing = { ok: false, error: { code: "failover_not_found" } };
  expect(await failovers.attempt("x")).toMatchObject(missing);
  expect(await failovers.act("x", begun, "confirm")).toMatchObject(missing);
  expect(await failovers.beginDrill("x")).toMatchObject(missing);
  expect(await failovers.measure("x")).toMatchObject(missing);
  expect(await failovers.takeBack("x")).toEqual({ ok: true, value: null });
});
