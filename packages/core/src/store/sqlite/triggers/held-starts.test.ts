import { expect, test } from "bun:test";
import { encodeBlobRef } from "../../../kernel/blob-ref.ts";
import { ada, start } from "../../run-store.fixture.suite.ts";
import { withBench } from "../sqlite-store.fixture.suite.ts";
import { hold, letGo, triggerVerbs } from "./trigger-verbs.ts";

const bench = withBench();

test("a held start has its blob and its data key until another takes its place, or it is let go", () => {
  const { t } = bench.on;
  const triggers = [{ id: "a:e", workflow: "a", kind: "event", createdAt: start }];
  triggerVerbs.putTriggers(t, { by: ada, workflows: ["a"], triggers, now: start });
  const held = (run: string) => ({
    key: "k",
    firstAt: 1,
    dueAt: 2,
    count: 1,
    input: encodeBlobRef(run.repeat(32)),
    run,
    payloadKey: run,
    newKey: { workflow: "a", version: "v", wrapped: Uint8Array.of(1) },
  });
  const kept = () => [bench.on.column("SELECT id FROM payload_keys"), bench.on.column("SELECT hash FROM blob_refs")];
  hold(t, "a:e", { held: held("ab"), now: start });
  expect(kept()[0]).toEqual(["ab"]);
  hold(t, "a:e", { held: held("cd"), now: start });
  expect(kept().map((all) => all.length)).toEqual([1, 1]);
  expect(kept()[0]).toEqual(["cd"]);
  letGo(t, "a:e", "k");
  expect(kept()).toEqual([[], []]);
});
