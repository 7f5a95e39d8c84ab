// What is kept while there is no connection.
import { describe, expect, test } from "bun:test";
import { keptResultBytesMax, TaskResults } from "./task-results.ts";

const result = (task: string, bytes = 0) => ({ type: "result", task, epoch: 1, value: new Uint8Array(bytes) }) as const;

describe("TaskResults", () => {
  test("are kept until they are taken; other words are not", () => {
    const results = new TaskResults();
    results.keep(result("a"));
    results.keep({ type: "note", task: "a", epoch: 1, at: 0 });
    results.keep({ type: "handback", runs: [] });
    expect(results.tasks).toEqual([{ task: "a", epoch: 1 }]);
    expect(results.take()).toEqual([result("a")]);
    expect([results.tasks, results.take()]).toEqual([[], []]);
  });

  test("have a bound", () => {
    const results = new TaskResults();
    for (let n = 0; n < 5; n++) results.keep(result(`t${n}`, keptResultBytesMax / 4));
    expect(results.tasks).toHaveLength(4);
    results.take();
    results.keep(result("again", keptResultBytesMax));
    expect(results.tasks).toHaveLength(1);
  });
});
