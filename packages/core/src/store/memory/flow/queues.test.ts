import { expect, test } from "bun:test";
import { Change } from "../change.ts";
import { Tables } from "../tables.ts";
import { engineItself } from "../../../kernel/inner-actor.ts";
import { putFlow, setQueuePaused } from "./queues.ts";

test("a queue is there once a workflow has named it, and stays as it is when code changes", () => {
  const tables = new Tables("t");
  const by = { kind: "user", id: "ada" } as const;
  expect(setQueuePaused(new Change(tables, 0), { by, queue: "q", paused: true, now: 0 })).toBeUndefined();
  putFlow(new Change(tables, 0), {
    by: engineItself,
    workflows: ["a"],
    rules: [],
    queues: [{ workflow: "a", queue: "q" }],
    now: 0,
  });
  setQueuePaused(new Change(tables, 0), { by, queue: "q", paused: true, now: 0 });
  putFlow(new Change(tables, 0), { by: engineItself, workflows: ["a"], rules: [], queues: [], now: 0 });
  expect(tables.flowRows.queues()).toEqual([{ name: "q", paused: true, workflows: [], held: 0 }]);
});
