import { describe, expect, test } from "bun:test";
import { Watchers } from "./watch.ts";
import type { RunUpdate } from "./watch.ts";

const update = (run: string): RunUpdate => ({ run, type: "log", at: 1, data: {} });
const end = (run: string) => ({ run, workflow: "w", status: "completed" as const });

describe("watchers", () => {
  test("hear of their run only, until they stop", () => {
    const watchers = new Watchers();
    const seen: string[] = [];
    const stop = watchers.watch("a", ({ run }) => seen.push(`one ${run}`));
    const stopSecond = watchers.watch("a", ({ run }) => seen.push(`two ${run}`));
    expect([watchers.wants("a"), watchers.wants("b")]).toEqual([true, false]);
    watchers.publish(update("a"));
    watchers.publish(update("b"));
    stop();
    stop();
    watchers.publish(update("a"));
    stopSecond();
    watchers.publish(update("a"));
    expect(seen).toEqual(["one a", "two a", "two a"]);
    expect(watchers.wants("a")).toBe(false);
  });

  test("of everything hear of every run", () => {
    const watchers = new Watchers();
    const seen: string[] = [];
    const stop = watchers.watchAll(({ run }) => seen.push(run));
    expect(watchers.wants("any")).toBe(true);
    watchers.publish(update("a"));
    watchers.publish(update("b"));
    stop();
    watchers.publish(update("c"));
    expect(seen).toEqual(["a", "b"]);
  });

  test("for an end hear of it once, and those that have left not at all", () => {
    const watchers = new Watchers();
    const seen: string[] = [];
    watchers.onEnd("a", () => seen.push("first"));
    const leave = watchers.onEnd("a", () => seen.push("second"));
    watchers.onEnd("b", () => seen.push("other"));
    leave();
    watchers.ended(end("a"));
    watchers.ended(end("a"));
    expect(seen).toEqual(["first"]);
  });

  test("for every end hear of each", () => {
    const watchers = new Watchers();
    const seen: string[] = [];
    const stop = watchers.onEveryEnd(({ run }) => seen.push(run));
    watchers.ended(end("a"));
    watchers.ended(end("b"));
    stop();
    watchers.ended(end("c"));
    expect(seen).toEqual(["a", "b"]);
  });
});
