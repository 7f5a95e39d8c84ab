import { expect, test } from "bun:test";
import { ada, start, value, waitFor } from "../run-store.fixture.suite.ts";
import { engineItself } from "../../kernel/inner-actor.ts";
import { withBench } from "./sqlite-store.fixture.suite.ts";

const bench = withBench();
const emit = (name: string, more: object = {}) =>
  bench.on.verb("emitEvent", { by: ada, name, payload: value(1), now: start, ...more });

test("a wait is consumed with its event, so that the run gets it once", () => {
  bench.on.hot("r1");
  bench.on.append("r1", waitFor(0, "go"), waitFor(1, "go", { key: "k" }));
  emit("go", { key: "k" });
  expect(bench.on.column("SELECT seq FROM consumed")).toEqual([0]);
  expect(bench.on.column("SELECT seq FROM waits")).toEqual([1]);
});

test("numbers of events are never given twice", () => {
  emit("go");
  emit("go");
  bench.on.verb("sweep", { by: engineItself, now: start, eventsBefore: start + 1, limit: 9 });
  expect(emit("go")).toMatchObject({ event: 3 });
});
