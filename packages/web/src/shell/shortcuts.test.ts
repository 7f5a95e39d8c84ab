// Keys and the actions they run.

import { describe, expect, test } from "bun:test";
import { ActionRegistry } from "./actions.ts";
import type { Action } from "./actions.ts";
import { pressName, ShortcutReader } from "./shortcuts.ts";
import type { KeyPress } from "./shortcuts.ts";

const none = { ctrlKey: false, metaKey: false, altKey: false, shiftKey: false };
const press = (key: string, modifiers: Partial<KeyPress> = {}): KeyPress => ({ key, ...none, ...modifiers });
const action = (id: string, keys?: string): Action => ({ id, label: id, group: "Test", run: () => {}, keys });

describe("a press", () => {
  test.each([
    [press("k", { metaKey: true }), "mod+k"],
    [press("K", { ctrlKey: true, shiftKey: true }), "mod+shift+k"],
    [press("?", { shiftKey: true }), "?"],
    [press("Enter", { shiftKey: true }), "shift+enter"],
    [press(" "), "space"],
    [press("Shift", { shiftKey: true }), undefined],
  ])("%j is %p", (given, name) => {
    expect(pressName(given)).toBe(name);
  });
});

describe("a sequence", () => {
  const actions = [action("runs", "g r"), action("retry", "r"), action("palette", "mod+k")];

  test("runs the action of both keys, not the one of the second", () => {
    const reader = new ShortcutReader();
    expect(reader.read(press("g"), 0, actions)).toEqual({ waiting: true });
    expect(reader.read(press("r"), 500, actions).action?.id).toBe("runs");
    expect(reader.read(press("r"), 600, actions).action?.id).toBe("retry");
  });

  test("is forgotten after a while, and by a key in between", () => {
    const reader = new ShortcutReader();
    reader.read(press("g"), 0, actions);
    expect(reader.read(press("r"), 5_000, actions).action?.id).toBe("retry");
    reader.read(press("g"), 6_000, actions);
    expect(reader.read(press("x"), 6_100, actions)).toEqual({ waiting: false });
    expect(reader.read(press("r"), 6_200, actions).action?.id).toBe("retry");
  });
});

describe("actions", () => {
  test("are offered until they are taken back; a screen's stands in front of the shell's", () => {
    const registry = new ActionRegistry();
    let heard = 0;
    registry.subscribe(() => heard++);
    registry.offer([action("a", "x"), action("b")]);
    const over: Action = { ...action("a", "x"), label: "over" };
    const takeBack = registry.offer([over]);
    expect(registry.current.map((each) => each.label)).toEqual(["over", "b"]);
    takeBack();
    expect(registry.current.map((each) => each.label)).toEqual(["a", "b"]);
    expect(heard).toBe(3);
  });
});
