// Placing nodes in layers: order, no overlaps, circles, size.
import { expect, test } from "bun:test";
import { layeredLayout } from "./layered-layout.ts";
import type { Layout, LayoutNode } from "./layered-layout.ts";

const node = (id: string): LayoutNode => ({ id, widthPx: 100, heightPx: 40 });
const edges = (...pairs: string[]) => pairs.map((pair) => ({ from: pair[0] ?? "", to: pair[1] ?? "" }));
const y = (layout: Layout, id: string) => layout.places.get(id)?.y ?? Number.NaN;
const x = (layout: Layout, id: string) => layout.places.get(id)?.x ?? Number.NaN;

function expectNoOverlap(layout: Layout): void {
  const places = [...layout.places.values()];
  for (const [index, a] of places.entries()) {
    for (const b of places.slice(index + 1)) {
      expect(Math.abs(a.x - b.x) >= 100 || Math.abs(a.y - b.y) >= 40).toBe(true);
    }
    expect(a.x).toBeGreaterThanOrEqual(0);
    expect(a.x + 100).toBeLessThanOrEqual(layout.widthPx + 0.001);
    expect(a.y + 40).toBeLessThanOrEqual(layout.heightPx + 0.001);
  }
}

test("a chain is a column", () => {
  const layout = layeredLayout([node("a"), node("b"), node("c")], edges("ab", "bc"));
  expect([y(layout, "a"), y(layout, "b"), y(layout, "c")]).toEqual([0, 88, 176]);
  expect(new Set([x(layout, "a"), x(layout, "b"), x(layout, "c")]).size).toBe(1);
  expect([layout.widthPx, layout.heightPx]).toEqual([100, 216]);
});

test("branches stand beside each other, around what they come from and lead to", () => {
  const layout = layeredLayout(["a", "b", "c", "d"].map(node), edges("ab", "ac", "bd", "cd"));
  expect(y(layout, "b")).toBe(y(layout, "c"));
  expect(x(layout, "a")).toBeCloseTo((x(layout, "b") + x(layout, "c")) / 2);
  expect(x(layout, "d")).toBeCloseTo(x(layout, "a"));
  expectNoOverlap(layout);
});

test("an edge over several layers leads past the nodes between", () => {
  const layout = layeredLayout(["a", "b", "c", "d"].map(node), edges("ab", "bc", "cd", "ad"));
  expect(y(layout, "d")).toBeGreaterThan(y(layout, "c"));
  expectNoOverlap(layout);
});

test("circles are cut where they close, and a node that leads to itself is no trouble", () => {
  const layout = layeredLayout(["a", "b", "c"].map(node), edges("ab", "bc", "ca", "bb"));
  expect([...layout.back]).toEqual([2, 3]);
  expect(y(layout, "a")).toBeLessThan(y(layout, "b"));
  expect(y(layout, "b")).toBeLessThan(y(layout, "c"));
});

test("edges that cross are turned around where that helps", () => {
  const layout = layeredLayout(["a", "b", "c", "d"].map(node), edges("ad", "bc"));
  const crosses = (x(layout, "a") - x(layout, "b")) * (x(layout, "d") - x(layout, "c")) < 0;
  expect(crosses).toBe(false);
});

test("nothing, strangers, and parts that do not hang together", () => {
  expect(layeredLayout([], [])).toMatchObject({ widthPx: 0, heightPx: 0 });
  const layout = layeredLayout([node("a"), node("b")], edges("ax", "xb"));
  expect(layout.places.size).toBe(2);
  expectNoOverlap(layout);
});

test("a chain of two thousand and a fan of five hundred are placed quickly, without overlaps", () => {
  const startedMs = performance.now();
  const chain = Array.from({ length: 2_000 }, (_, index) => node(`n${index}`));
  const links = chain.slice(1).map(({ id }, index) => ({ from: `n${index}`, to: id }));
  expect(layeredLayout(chain, links).places.size).toBe(2_000);
  const fan = [node("a"), ...Array.from({ length: 500 }, (_, index) => node(`f${index}`)), node("z")];
  const spread = fan.slice(1, -1).flatMap(({ id }) => [
    { from: "a", to: id },
    { from: id, to: "z" },
  ]);
  expectNoOverlap(layeredLayout(fan, spread));
  expect(performance.now() - startedMs).toBeLessThan(1_500);
});
