// What moon's files say of one task.
import { expect, test } from "bun:test";
import { packageOf } from "../graph/fixture.suite.ts";
import { ConfigValue } from "./config-file.ts";
import { MoonTasks } from "./moon-tasks.ts";

const app = packageOf("app");
const tasksOf = (own: object, inherited?: object): MoonTasks =>
  new MoonTasks({
    own: new Map([["app", valueOf("packages/app/moon.yml", own)]]),
    inherited: inherited === undefined ? undefined : valueOf(".moon/tasks.yml", inherited),
    packages: new Map([["app", app]]),
  });
const valueOf = (file: string, value: object): ConfigValue =>
  new ConfigValue({ file, text: JSON.stringify(value), value });

test("words with what a shell would act on are quoted, and nothing is nothing", () => {
  const tasks = tasksOf({ tasks: { a: { command: ["echo", "it's", "$HOME"] }, b: { command: "noop" } } });
  expect(tasks.of(app, "a")?.command?.text).toBe(String.raw`echo 'it'\''s' $HOME`);
  expect(tasks.of(app, "b")).toMatchObject({ script: "" });
  expect(tasks.of(app, "c")).toBeUndefined();
});

test("a task that extends itself by another is refused", () => {
  expect(() => tasksOf({ tasks: { a: { extends: "b" }, b: { extends: "a" } } })).toThrow(
    /extends leads back to itself/,
  );
});

test("only those that are included are inherited", () => {
  const inherited = { tasks: { x: { command: "x" }, y: { command: "y" } } };
  const tasks = tasksOf({ workspace: { inheritedTasks: { include: ["x"] } } }, inherited);
  expect([tasks.of(app, "x") === undefined, tasks.of(app, "y") === undefined]).toEqual([false, true]);
});

test("outputs that are only cached on this machine, and tasks that serve, are known", () => {
  const tasks = tasksOf({ tasks: { a: { command: "a", local: true }, b: { command: "b", preset: "watcher" } } });
  expect([tasks.of(app, "a")?.cache, tasks.of(app, "b")?.persistent]).toEqual([false, true]);
});
