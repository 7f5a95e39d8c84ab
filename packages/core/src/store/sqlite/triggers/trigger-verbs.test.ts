import { expect, test } from "bun:test";
import { encodeBlobRef } from "../../../kernel/blob-ref.ts";
import { engineItself } from "../../../kernel/inner-actor.ts";
import { ada, start } from "../../run-store.fixture.suite.ts";
import { withBench } from "../sqlite-store.fixture.suite.ts";
import { triggerVerbs } from "./trigger-verbs.ts";

const bench = withBench();

test("a held input that is kept as a blob holds the blob until it is let go", () => {
  const { t } = bench.on;
  const triggers = [{ id: "a:e", workflow: "a", kind: "event", createdAt: start }];
  triggerVerbs.putTriggers(t, { by: ada, workflows: ["a"], triggers, now: start });
  const input = encodeBlobRef("ab".repeat(32));
  const hold = [{ key: "k", firstAt: 1, dueAt: 2, count: 1, input }];
  const advance = (expect_: number, more: object) =>
    triggerVerbs.advanceTrigger(t, {
      by: engineItself,
      trigger: "a:e",
      expect: expect_,
      occurrences: [],
      now: start,
      ...more,
    });
  const refs = () => t.db.rows<{ owner: string }>("SELECT owner FROM blob_refs").map(({ owner }) => owner);
  advance(0, { hold });
  expect(refs()).toEqual(["held a:e k"]);
  advance(1, { release: ["k"] });
  expect(refs()).toEqual([]);
  advance(2, { hold });
  triggerVerbs.putTriggers(t, { by: ada, workflows: ["a"], triggers: [], now: start });
  expect(refs()).toEqual([]);
});
