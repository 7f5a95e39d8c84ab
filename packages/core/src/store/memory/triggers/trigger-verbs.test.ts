import { expect, test } from "bun:test";
import { ada, start } from "../../run-store.fixture.suite.ts";
import { Tables } from "../tables.ts";
import { triggerVerbs } from "./trigger-verbs.ts";

test("a trigger that is new begins after the events that are there", () => {
  const tables = new Tables("test");
  tables.events.add({ name: "e", key: undefined, payload: new Uint8Array([0xc0]), at: start }, undefined);
  const triggers = [{ id: "a:e", workflow: "a", kind: "event", createdAt: start }];
  const [put] = triggerVerbs.putTriggers(tables, { by: ada, workflows: ["a"], triggers, now: start });
  expect(put?.position).toBe(1);
});
