import { describe, expect, test } from "bun:test";
import { canSplit, layoutOf, split, tabsOf, without } from "./layout.ts";

describe("the terminals that are open", () => {
  test("are read from the URL as they are written to it", () => {
    const tabs = tabsOf("a.b,c:d:e,f", "c");
    expect(tabs).toEqual([
      { panes: ["a", "b"], direction: "row" },
      { panes: ["c", "d", "e"], direction: "column" },
      { panes: ["f"], direction: "row" },
    ]);
    expect(layoutOf(tabs)).toBe("a.b,c:d:e,f");
    expect(layoutOf(tabsOf(undefined, "a"))).toBeUndefined();
  });

  test("have that one among them that the path names, each of them once, and nothing that is no id", () => {
    expect(tabsOf("a,b", "c").at(-1)).toEqual({ panes: ["c"], direction: "row" });
    expect(tabsOf("a.a,b,../x,a:b,<b>,", "a")).toEqual([
      { panes: ["a"], direction: "row" },
      { panes: ["b"], direction: "row" },
    ]);
    expect(tabsOf("a.b.c.d.e", "a")[0]?.panes).toEqual(["a", "b", "c", "d"]);
  });

  test("are split, and what is closed leaves the focus beside it", () => {
    const tabs = split(tabsOf("a,b", "a"), { at: "a", added: "c", direction: "column" });
    expect(layoutOf(tabs)).toBe("a:c,b");
    expect(canSplit(tabsOf("a.b.c.d", "a"), "b")).toBeFalse();
    expect(without(tabs, ["a"])).toEqual({
      tabs: tabsOf("c,b", "c").map((tab, i) => (i === 0 ? { ...tab, direction: "column" } : tab)),
      focus: "c",
    });
    expect(without(tabsOf("a.c,b", "a"), ["a", "c"]).focus).toBe("b");
    expect(without(tabsOf(undefined, "a"), ["a"])).toEqual({ tabs: [], focus: undefined });
  });
});
