import { expect, test } from "bun:test";
import { brokenLink, chainLinksMax } from "./chain-links.ts";
import type { LinkedRun } from "./chain-links.ts";

const run = (id: string, from?: string, to?: string, more: Partial<LinkedRun> = {}): LinkedRun => ({
  id,
  workflow: "w",
  chain: "a",
  continuedFrom: from,
  continuedTo: to,
  ...more,
});
const among =
  (...runs: readonly LinkedRun[]) =>
  (id: string): LinkedRun | undefined =>
    runs.find((each) => each.id === id);

test("a run fits where its neighbours are not here, or say the same", () => {
  expect(brokenLink(run("b", "a", "c"), among())).toBeUndefined();
  expect(brokenLink(run("b", "a", "c"), among(run("a", undefined, "b"), run("c", "b")))).toBeUndefined();
  expect(brokenLink({ id: "z", workflow: "w" }, among(run("a", undefined, "b")))).toBeUndefined();
});

test.each([
  ["goes on as another", run("a", undefined, "x")],
  ["does not go on", run("a")],
  ["is of another workflow", run("a", undefined, "b", { workflow: "v" })],
  ["is of another chain", run("a", undefined, "b", { chain: "x" })],
])("a run before it that %s is in its way", (_name, before) => {
  expect(brokenLink(run("b", "a"), among(before))?.id).toBe("a");
});

test("so is one after it that came from another, and a first one of another workflow", () => {
  expect(brokenLink(run("b", "a", "c"), among(run("c", "x")))?.id).toBe("c");
  expect(brokenLink(run("b", "a", "c"), among(run("c")))?.id).toBe("c");
  expect(brokenLink(run("c", "b"), among(run("a", undefined, "b", { workflow: "v" })))?.id).toBe("a");
});

test("no chain leads back to itself, however long the way, and none is followed for ever", () => {
  const ring = [run("c", "b", "d"), run("d", "c", "e"), run("e", "d", "b")];
  expect(brokenLink(run("b", "e", "c"), among(...ring))?.id).toBe("e");
  const long = Array.from({ length: chainLinksMax + 2 }, (_, at) => run(`r${at}`, `r${at - 1}`, `r${at + 1}`));
  const byId = new Map(long.map((each) => [each.id, each]));
  expect(brokenLink(run("r-1", "x", "r0"), (id) => byId.get(id))?.id).toBe(`r${chainLinksMax}`);
});
