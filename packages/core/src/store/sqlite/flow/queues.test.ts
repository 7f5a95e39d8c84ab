import { expect, test } from "bun:test";
import { ruleId } from "../../../kernel/flow.ts";
import { Change } from "../change.ts";
import { withBench } from "../sqlite-store.fixture.suite.ts";
import { engineItself } from "../../../kernel/inner-actor.ts";
import { putFlow, setQueuePaused } from "./queues.ts";

const bench = withBench();

test("rules are those of the code deployed last, of these workflows; queues stay", () => {
  const { t, now } = bench.on;
  const of = (workflow: string) => {
    return {
      id: ruleId(workflow, "concurrency"),
      workflow,
      kind: "concurrency",
      path: "",
      max: 1,
      countWaiting: false,
    } as const;
  };
  const cx = (): Change => new Change(t, now);
  const queues = [{ workflow: "a", queue: "q" }];
  putFlow(cx(), { by: engineItself, workflows: ["a", "b"], rules: [of("a"), of("b")], queues, now });
  putFlow(cx(), { by: engineItself, workflows: ["a"], rules: [], queues: [], now });
  expect([t.flowRows.rule(of("a").id), t.flowRows.rule(of("b").id)]).toEqual([undefined, of("b")]);
  expect(t.flowRows.queues()).toEqual([{ name: "q", paused: false, workflows: [], held: 0 }]);
  expect(setQueuePaused(cx(), { by: { kind: "user", id: "a" }, queue: "q", paused: true, now })?.queue.paused).toBe(
    true,
  );
  expect(setQueuePaused(cx(), { by: { kind: "user", id: "a" }, queue: "x", paused: true, now })).toBeUndefined();
});
