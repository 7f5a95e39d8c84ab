import { expect, test } from "bun:test";
import { ada, start, value } from "../run-store.fixture.suite.ts";
import { MemoryRunStore } from "./memory-run-store.ts";

test("what a run is found by is in the order of how well it fits, and a run is found once", async () => {
  const store = new MemoryRunStore();
  for (const [index, { id, key, tags }] of [
    { id: "a", key: undefined, tags: ["b"] },
    { id: "ab", key: "a", tags: ["a", "a", "ab"] },
    { id: "b", key: "abc", tags: [] },
    { id: "c", key: undefined, tags: ["abcd", "a"] },
  ].entries()) {
    const at = start + index;
    const run = { id, workflow: "w", version: "v1", input: value(1), priority: 0, tags, createdAt: at, dueAt: at };
    await store.createRun({ by: ada, run: key === undefined ? run : { ...run, key }, now: at });
  }
  const found = async (text: string, limit = 9) => {
    const { hits, more } = await store.searchRuns({ text, limit });
    return [...hits.map(({ run, by, value: fits }) => `${run.id} ${by} ${fits}`), ...(more ? ["more"] : [])];
  };
  expect(await found("a")).toEqual(["a id a", "ab key a", "c tag a", "b key abc"]);
  expect(await found("a", 3)).toEqual(["a id a", "ab key a", "c tag a", "more"]);
  expect(await found("ab")).toEqual(["ab id ab", "b key abc", "c tag abcd"]);
  expect(await found("b")).toEqual(["b id b", "a tag b"]);
  expect(await found("d")).toEqual([]);
});
