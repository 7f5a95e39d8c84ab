// Announcing what has been running for a while.
import { describe, expect, test } from "bun:test";
import { Announcements } from "./announcements.ts";
import { PlayedClock } from "./played-engine.suite.ts";

describe("Announcements", () => {
  test("call back once the time has passed, in order, and not when taken back", async () => {
    const clock = new PlayedClock();
    const announcements = new Announcements(clock, 50);
    const heard: string[] = [];
    announcements.add(() => heard.push("a"));
    const takeBack = announcements.add(() => heard.push("b"));
    takeBack();
    await clock.pass(30);
    announcements.add(() => heard.push("c"));
    await clock.pass(20);
    expect(heard).toEqual(["a"]);
    await clock.pass(50);
    expect(heard).toEqual(["a", "c"]);
  });

  test("say nothing after they were stopped", async () => {
    const clock = new PlayedClock();
    const announcements = new Announcements(clock, 50);
    const heard: string[] = [];
    announcements.add(() => heard.push("a"));
    announcements.stop();
    await clock.pass(100);
    expect(heard).toEqual([]);
  });
});
