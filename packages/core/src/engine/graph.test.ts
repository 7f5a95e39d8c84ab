import { describe, expect, test } from "bun:test";
import type { EntryKind, EntryStatus, RunStatus } from "@sluice/protocol";
import type { RunOutline } from "../kernel/run-figures.ts";
import { graphNodesMax, inferGraph } from "./graph.ts";

type Place = readonly [name: string, at: number, end: number, more?: { kind?: EntryKind; status?: EntryStatus }];

/** A run from its calls in order; they settle in the order of their ends, what ends at 0 is open. */
function run(places: readonly Place[], status: RunStatus = "completed"): RunOutline {
  const order = places.map(([, , end], seq) => ({ seq, end })).filter(({ end }) => end > 0);
  const ords = new Map(order.toSorted((a, b) => a.end - b.end).map(({ seq }, index) => [seq, index + 1]));
  const entries = places.map(([name, at, end, more], seq) => ({
    seq,
    kind: more?.kind ?? "step",
    name,
    status: more?.status ?? (end === 0 ? "running" : "completed"),
    ord: more?.status === "aborted" ? 0 : (ords.get(seq) ?? 0),
    at,
    end,
  }));
  return { run: "r", status, entries };
}

/** The edges as text, in order: `a>b`, with `*` where it is one of several at the same time. */
function ways(...outlines: readonly RunOutline[]): readonly string[] {
  const short = (id: string): string => id.replace(/^step:/, "");
  return inferGraph(outlines)
    .edges.map(({ from, to, parallel }) => `${short(from)}>${short(to)}${parallel ? "*" : ""}`)
    .toSorted();
}

describe("what follows what", () => {
  test("steps one after the other are a chain, even within a millisecond", () => {
    const chain = ["a>b", "b>c", "c>end", "start>a"];
    expect(
      ways(
        run([
          ["a", 1, 2],
          ["b", 3, 4],
          ["c", 5, 9],
        ]),
      ),
    ).toEqual(chain);
    expect(
      ways(
        run([
          ["a", 1, 1],
          ["b", 1, 1],
          ["c", 1, 1],
        ]),
      ),
    ).toEqual(chain);
  });

  test("steps at the same time branch off and come together", () => {
    const places: readonly Place[] = [
      ["a", 1, 2],
      ["b", 3, 8],
      ["c", 3, 5],
      ["d", 9, 10],
    ];
    expect(ways(run(places))).toEqual(["a>b*", "a>c*", "b>d", "c>d", "d>end", "start>a"]);
  });

  test("a branch may have several steps of its own", () => {
    // b then c, while d goes on.
    const places: readonly Place[] = [
      ["a", 1, 2],
      ["b", 3, 5],
      ["d", 3, 20],
      ["c", 6, 9],
      ["e", 21, 22],
    ];
    expect(ways(run(places))).toEqual(["a>b*", "a>d*", "b>c", "c>e", "d>e", "e>end", "start>a"]);
  });

  test("a decision takes one way or the other, not both at once", () => {
    const seen = ways(
      run([
        ["a", 1, 2],
        ["b", 3, 4],
        ["d", 5, 6],
      ]),
      run([
        ["a", 1, 2],
        ["c", 3, 4],
        ["d", 5, 6],
      ]),
    );
    expect(seen).toEqual(["a>b", "a>c", "b>d", "c>d", "d>end", "start>a"]);
  });

  test("a loop leads back, and one that fans out does not", () => {
    const loop: readonly Place[] = [
      ["a", 1, 2],
      ["b", 3, 4],
      ["a", 5, 6],
      ["b", 7, 8],
      ["c", 9, 10],
    ];
    expect(ways(run(loop))).toEqual(["a>b", "b>a", "b>c", "c>end", "start>a"]);
    expect(
      ways(
        run([
          ["a", 1, 2],
          ["a", 3, 4],
        ]),
      ),
    ).toEqual(["a>a", "a>end", "start>a"]);
    const fan: readonly Place[] = [
      ["a", 1, 9],
      ["a", 1, 5],
      ["a", 2, 7],
      ["b", 10, 11],
    ];
    expect(ways(run(fan))).toEqual(["a>b", "b>end", "start>a"]);
  });

  test("what shares a millisecond is told apart by other runs", () => {
    const fast: readonly Place[] = [
      ["a", 1, 1],
      ["b", 1, 1],
      ["c", 2, 3],
    ];
    expect(ways(run(fast))).toContain("a>b");
    const slow: readonly Place[] = [
      ["a", 1, 5],
      ["b", 1, 6],
      ["c", 7, 8],
    ];
    const forked = ["a>c", "b>c", "c>end", "start>a*", "start>b*"];
    expect(ways(run(fast), run(slow))).toEqual(forked);
    expect(ways(run(slow), run(fast))).toEqual(forked);
  });

  test("an entry that shows its last attempt was called no later than what was called after it", () => {
    // a failed at first and was made again while b was there already.
    const places: readonly Place[] = [
      ["a", 50, 60],
      ["b", 1, 5],
      ["c", 61, 62],
    ];
    expect(ways(run(places))).toEqual(["a>c", "b>c", "c>end", "start>a*", "start>b*"]);
  });

  test("the losers of a race lead nowhere, races and patches are not shown", () => {
    const places: readonly Place[] = [
      ["p", 1, 1, { kind: "patched" }],
      ["race", 9, 9, { kind: "race" }],
      ["a", 2, 9],
      ["nap", 2, 9, { kind: "sleep", status: "aborted" }],
      ["b", 10, 11],
    ];
    expect(ways(run(places))).toEqual(["a>b", "b>end", "start>a*", "start>sleep:nap*"]);
  });

  test("a run that has not completed leads nowhere after what it did last", () => {
    expect(
      ways(
        run(
          [
            ["a", 1, 2],
            ["b", 3, 0],
          ],
          "waiting",
        ),
      ),
    ).toEqual(["a>b", "start>a"]);
    expect(ways(run([["a", 1, 2, { status: "failed" }]], "failed"))).toEqual(["start>a"]);
    expect(ways(run([]))).toEqual(["start>end"]);
    expect(ways(run([], "queued"))).toEqual([]);
    expect(inferGraph([])).toMatchObject({ runs: 0, edges: [], nodes: [{ id: "start" }, { id: "end" }] });
  });
});

describe("nodes", () => {
  test("count the runs that came by and failed there, and know how long it took", () => {
    const graph = inferGraph([
      run([
        ["a", 0, 10],
        ["a", 10, 30],
        ["b", 31, 32, { kind: "event" }],
      ]),
      run([["a", 0, 50, { status: "failed" }]], "failed"),
      run([["a", 5, 0]], "running"),
    ]);
    expect(graph).toMatchObject({ runs: 3 });
    expect(graph.nodes).toEqual([
      { id: "start", kind: "start", name: "start", count: 3, failed: 0, p50Ms: undefined },
      { id: "step:a", kind: "step", name: "a", count: 3, failed: 1, p50Ms: 20 },
      { id: "event:b", kind: "event", name: "b", count: 1, failed: 0, p50Ms: 1 },
      { id: "end", kind: "end", name: "end", count: 1, failed: 0, p50Ms: undefined },
    ]);
    expect(graph.edges.find(({ from }) => from === "start")).toMatchObject({ to: "step:a", count: 3 });
  });

  test("of names without number those stay that most runs came by", () => {
    const odd = Array.from({ length: graphNodesMax + 50 }, (_, i): Place => [`item ${i}`, 2 * i + 2, 2 * i + 3]);
    const graph = inferGraph([run([["first", 0, 1], ...odd]), run([["first", 0, 1]])]);
    expect(graph.nodes).toHaveLength(graphNodesMax + 2);
    expect(graph.nodes[1]).toMatchObject({ name: "first", count: 2 });
    const shown = new Set(graph.nodes.map(({ id }) => id));
    expect(graph.edges.every(({ from, to }) => shown.has(from) && shown.has(to))).toBe(true);
  });

  test("a thousand calls at once, twice, take no time", () => {
    const wide = (name: string, at: number): readonly Place[] =>
      Array.from({ length: 1_000 }, (_, i): Place => [name, at, at + 10 + (i % 7)]);
    const graph = inferGraph(Array.from({ length: 20 }, () => run([...wide("a", 0), ...wide("b", 100)])));
    expect(graph.edges).toEqual([
      { from: "start", to: "step:a", count: 20, parallel: false },
      { from: "step:a", to: "step:b", count: 20, parallel: false },
      { from: "step:b", to: "end", count: 20, parallel: false },
    ]);
  });
});
