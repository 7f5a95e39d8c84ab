import { expect, test } from "bun:test";
import { Fixture, childOf, op } from "./fixture.suite.ts";

test("operations are applied in order, and what they do to others is told", async () => {
  const f = new Fixture();
  await f.hot("a");
  await f.hot("b");
  await f.append("b", op.event(0, "x"));
  const { effects, events, status } = await f.append(
    "a",
    op.emit(0, "x", 1),
    op.call(1, childOf("a", 1)),
    op.sleep(2, 7000),
  );
  expect(events).toHaveLength(1);
  expect(status).toBe("running");
  expect(effects).toMatchObject({ deliveries: [{ run: "b" }], finished: [], ready: 1, due: 7000, touched: [] });
});

test("an append without operations answers the state of the run", async () => {
  const f = new Fixture();
  await f.hot("a");
  expect(await f.append("a")).toMatchObject({ events: [], status: "running" });
});
