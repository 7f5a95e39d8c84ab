import { expect, test } from "bun:test";
import { ada, start } from "../../run-store.fixture.suite.ts";
import { withBench } from "../sqlite-store.fixture.suite.ts";
import { payloadKeyVerbs } from "./payload-key-verbs.ts";

const bench = withBench();

test("what is refused changes nothing", () => {
  const { t } = bench.on;
  payloadKeyVerbs.putPayloadKey(t, {
    id: "k",
    key: { workflow: "a", version: "1", wrapped: Uint8Array.of(1) },
    now: start,
  });
  const before = bench.on.changes;
  expect(payloadKeyVerbs.erasePayloadKey(t, { by: ada, id: "none", now: start })).toEqual({ outcome: "not_found" });
  const keys = [{ id: "k", wrapped: Uint8Array.of(2) }];
  const other = { by: ada, workflow: "b", version: "2", keys, now: start };
  expect(payloadKeyVerbs.rewrapPayloadKeys(t, other)).toEqual({ rewrapped: 0 });
  expect(bench.on.changes).toBe(before);
});
