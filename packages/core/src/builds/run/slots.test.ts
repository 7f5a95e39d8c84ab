// Room for so many tasks at once.
import { expect, test } from "bun:test";
import { criticalPaths, Slots } from "./slots.ts";

test("as many enter as there is room for, then the heavier first", async () => {
  const slots = new Slots({ count: 2 });
  const order: string[] = [];
  const enter = async (name: string, weight: number): Promise<() => void> => {
    const leave = await slots.enter(weight);
    order.push(name);
    return leave;
  };
  const [a, b] = await Promise.all([enter("a", 0), enter("b", 0)]);
  const waiting = [enter("light", 1), enter("heavy", 9), enter("also heavy", 9)];
  await Promise.resolve();
  expect(order).toEqual(["a", "b"]);
  a();
  a();
  await waiting[1];
  expect(order).toEqual(["a", "b", "heavy"]);
  b();
  (await waiting[1])?.();
  await Promise.all(waiting);
  expect(order).toEqual(["a", "b", "heavy", "also heavy", "light"]);
});

test("a task weighs what it takes, and what comes after it at the longest", () => {
  const tasks = new Map(["base", "lib", "side", "app"].map((id) => [id, id]));
  const dependents = new Map([
    ["base", ["lib", "side"]],
    ["lib", ["app"]],
  ]);
  const paths = criticalPaths(
    { tasks, dependents },
    new Map([
      ["base", 10],
      ["lib", 20],
      ["side", 5],
      ["app", 100],
    ]),
  );
  expect(Object.fromEntries(paths)).toEqual({ app: 100, side: 5, lib: 120, base: 130 });
  expect(criticalPaths({ tasks, dependents }, new Map()).get("base")).toBeGreaterThan(0);
});

test("what takes much of the machine leaves less room for others, and goes alone where it takes more than there is", async () => {
  const slots = new Slots({ count: 9, cores: 2, memoryBytes: 100 });
  const entered: string[] = [];
  const enter = async (name: string, weight: number, cores: number, memoryBytes: number): Promise<() => void> => {
    const leave = await slots.enter(weight, { cores, memoryBytes });
    entered.push(name);
    return leave;
  };
  const first = await enter("first", 1, 1.5, 60);
  const large = enter("large", 9, 0.1, 500);
  const small = enter("small", 5, 0.1, 10);
  const wide = enter("wide", 4, 1.95, 10);
  expect(entered).toEqual(["first"]);
  first();
  const leave = await large;
  expect(entered).toEqual(["first", "large"]);
  leave();
  (await small)();
  (await wide)();
  expect(entered).toEqual(["first", "large", "small", "wide"]);
});
