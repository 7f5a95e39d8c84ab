// Those who watch a build are told of it and of no other, until they stop.
import { expect, test } from "bun:test";
import { Watchers } from "./watchers.ts";

test("each is told until it stops, and stopping twice takes nobody else along", () => {
  const watchers = new Watchers();
  const told: string[] = [];
  const stop = watchers.watch("a", () => told.push("first"));
  watchers.watch("a", () => told.push("second"));
  watchers.watch("b", () => told.push("other"));
  watchers.tell("a");
  stop();
  stop();
  watchers.tell("a");
  watchers.tell("none");
  expect(told).toEqual(["first", "second", "second"]);
});
