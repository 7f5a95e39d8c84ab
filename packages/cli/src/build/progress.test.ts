// How far a build is, and how long it will take.
import { expect, test } from "bun:test";
import type { Io } from "../io.ts";
import { durationText, Progress, withProgress } from "./progress.ts";

const node = (id: string, dependencies: readonly string[] = [], script: string | null = "x") => ({
  id,
  script: script ?? undefined,
  dependencies,
  definition: { persistent: false },
});
const planOf = (durations: Readonly<Record<string, number>>) => {
  const nodes = [
    node("lib#build"),
    node("side#build"),
    node("none#build", ["lib#build"], null),
    node("app#build", ["lib#build", "none#build"]),
  ];
  return {
    graph: { tasks: new Map(nodes.map((each) => [each.id, each])) },
    records: { durations: () => new Map(Object.entries(durations)) },
  };
};

test("what is left is the longest way, or all of it shared among lanes, less what was done already", () => {
  let now = 0;
  const progress = new Progress(() => now, 2);
  progress.planned(planOf({ "lib#build": 4_000, "side#build": 1_000, "app#build": 6_000 }));
  expect([progress.leftMs(), progress.line(80)]).toEqual([10_000, ""]);
  progress.started("lib#build");
  progress.started("side#build");
  now = 3_000;
  expect(progress.leftMs()).toBe(7_000);
  progress.ended("lib#build");
  expect(progress.line(80)).toBe("[1/3] · about 6 s left · side#build");
  expect(progress.line(20)).toBe("[1/3] · about 6 s l");
  const one = new Progress(() => now, 1);
  one.planned(planOf({ "lib#build": 4_000, "side#build": 1_000, "app#build": 6_000 }));
  expect(one.leftMs()).toBe(11_000);
});

test("nothing is said of time where a task was never seen", () => {
  const progress = new Progress(() => 0, 2);
  progress.planned(planOf({ "lib#build": 4_000 }));
  progress.started("lib#build");
  expect(progress.line(80)).toBe("[0/3] · lib#build");
});

test("the line stays below what is printed, and is gone at the end", () => {
  let written = "";
  const io = {
    env: {},
    print: (line: string) => void (written += `${line}\n`),
    complain: (line: string) => void (written += `${line}\n`),
    stdout: { isTTY: true, columns: 80, write: (text: string) => void (written += text) },
  } as unknown as Io;
  const progress = new Progress(() => 0, 2);
  progress.planned(planOf({}));
  progress.started("lib#build");
  const shown = withProgress(io, progress);
  shown.io.print("one");
  shown.io.stdout.write("two\n");
  shown.end();
  const clear = "\r\u001b[2K";
  const line = `${clear}[0/3] · lib#build`;
  expect(written).toBe(`${clear}one\n${line}${clear}two\n${line}${clear}`);
});

test.each([
  [400, "1 s"],
  [59_000, "59 s"],
  [61_000, "1 min 1 s"],
])("%d ms are %s", (ms, text) => {
  expect(durationText(ms)).toBe(text);
});
