// The graph of a workflow as its journals show it. Code is not read: what followed what, and what went on at the same time, is
// taken from when calls were made and when they settled.
import type { EntryKind } from "@sluice/protocol";
import type { OutlineEntry, RunOutline } from "../kernel/run-figures.ts";

export interface GraphNode {
  readonly id: string;
  readonly kind: EntryKind | "start" | "end";
  readonly name: string;
  /** Runs that came by. */
  readonly count: number;
  /** Runs in which it failed. */
  readonly failed: number;
  /** Of those that settled; undefined when none did. */
  readonly p50Ms: number | undefined;
}
export interface GraphEdge {
  readonly from: string;
  readonly to: string;
  /** Runs that went this way. */
  readonly count: number;
  /** In some run another way out of `from` was taken at the same time. */
  readonly parallel: boolean;
}
export interface WorkflowGraph {
  readonly runs: number;
  /** `start` first, `end` last, the others as they were met, in the newest runs first. */
  readonly nodes: readonly GraphNode[];
  readonly edges: readonly GraphEdge[];
}

/** Nodes that are shown: of more, as where names hold numbers, those that most runs came by. */
export const graphNodesMax = 300;
/** Durations of one node that are looked at. */
const durationsMax = 2_000;
const startId = "start";
const endId = "end";

/** Entries that are no calls of their own: what a race decided is seen in its branches. */
const unseen: ReadonlySet<EntryKind> = new Set<EntryKind>(["patched", "race", "undo"]);

/**
 * Infers the graph of these runs. An entry follows those that had settled when it was called, save those that another one
 * between them follows: the transitive reduction of an interval order. Calls of one kind and name are one node, so that a loop
 * becomes a way back. Times are whole milliseconds: where a call and a settlement share one, the call came after, unless
 * the two are known to go on at the same time from another run.
 */
export function inferGraph(outlines: readonly RunOutline[]): WorkflowGraph {
  const graph = new GraphSum();
  const runs = outlines.map(journalOf);
  const together = new Set<string>();
  for (const { calls } of runs) noteTogether(calls, together);
  for (const run of runs) graph.add(run, waysOf(run, together));
  return graph.result(outlines.length);
}

interface Called {
  readonly id: string;
  readonly entry: OutlineEntry;
  /** When it was called: no later than anything that was called after it. An entry shows its last attempt. */
  readonly calledAt: number;
}
interface Journal {
  readonly completed: boolean;
  readonly calls: readonly Called[];
}

function journalOf({ status, entries }: RunOutline): Journal {
  const seen = entries.filter(({ kind, seq }) => seq >= 0 && !unseen.has(kind)).toSorted((a, b) => a.seq - b.seq);
  let earliest = Number.POSITIVE_INFINITY;
  const calls = seen.toReversed().map((entry) => {
    earliest = Math.min(earliest, entry.at);
    return { id: `${entry.kind}:${entry.name}`, entry, calledAt: earliest };
  });
  return { completed: status === "completed", calls: calls.toReversed() };
}

function pairOf(a: string, b: string): string {
  return a < b ? `${a}\n${b}` : `${b}\n${a}`;
}

/** Notes which nodes were surely open at the same time. */
function noteTogether(calls: readonly Called[], together: Set<string>): void {
  const openUntil = new Map<string, number>();
  for (const { id, entry, calledAt } of calls) {
    for (const [other, until] of openUntil) if (until > calledAt) together.add(pairOf(id, other));
    const until = entry.end === 0 ? Number.POSITIVE_INFINITY : entry.end;
    openUntil.set(id, Math.max(until, openUntil.get(id) ?? 0));
  }
}

/** What was called while the same had settled before. */
interface Ways {
  readonly from: readonly string[];
  readonly to: ReadonlySet<string>;
}

/** The ways a run went, in order. */
function waysOf({ calls, completed }: Journal, together: ReadonlySet<string>): readonly Ways[] {
  const timeline = new Timeline();
  const settling = calls
    .map((call, index) => ({ ...call, index }))
    .filter(({ entry }) => entry.end > 0)
    .toSorted((a, b) => a.entry.end - b.entry.end || a.entry.ord - b.entry.ord);
  let settled = 0;
  for (const [index, call] of calls.entries()) {
    for (let next = settling[settled]; next !== undefined && next.index < index; next = settling[settled]) {
      const tie = next.entry.end === call.calledAt && together.has(pairOf(next.id, call.id));
      if (next.entry.end > call.calledAt || tie) break;
      timeline.settle(next.index, next);
      settled++;
    }
    timeline.call(index, call.id);
  }
  for (const next of settling.slice(settled)) timeline.settle(next.index, next);
  if (completed) timeline.call(calls.length, endId);
  return timeline.ways;
}

/** Calls and settlements in their order, as positions. */
class Timeline {
  readonly ways: Ways[] = [];
  #position = 0;
  readonly #calledAt = new Map<number, number>();
  readonly #settled: { readonly id: string; readonly position: number; readonly lost: boolean }[] = [];
  /** The latest call among what has settled: what had settled before it is followed by it already. */
  #latest = -1;
  #group: { readonly from: readonly string[]; readonly to: Set<string> } | undefined;

  call(index: number, id: string): void {
    this.#calledAt.set(index, this.#position++);
    if (this.#group === undefined) {
      this.#group = { from: this.#before(), to: new Set() };
      this.ways.push(this.#group);
    }
    this.#group.to.add(id);
  }

  settle(index: number, { id, entry }: Called): void {
    this.#settled.push({ id, position: this.#position++, lost: entry.status === "aborted" });
    this.#latest = Math.max(this.#latest, this.#calledAt.get(index) ?? -1);
    this.#group = undefined;
  }

  #before(): readonly string[] {
    const won = new Set<string>();
    const lost = new Set<string>();
    for (let at = this.#settled.length - 1; at >= 0; at--) {
      const item = this.#settled[at];
      if (item === undefined || item.position < this.#latest) break;
      (item.lost ? lost : won).add(item.id);
    }
    if (won.size > 0) return [...won];
    return lost.size > 0 ? [...lost] : [startId];
  }
}

interface NodeSum {
  readonly kind: GraphNode["kind"];
  readonly name: string;
  count: number;
  failed: number;
  readonly durationsMs: number[];
}

class GraphSum {
  readonly #nodes = new Map<string, NodeSum>();
  readonly #edges = new Map<string, { from: string; to: string; count: number; parallel: boolean }>();
  #completed = 0;

  add({ calls, completed }: Journal, ways: readonly Ways[]): void {
    if (completed) this.#completed++;
    this.#addNodes(calls);
    const edges = new Map<string, { readonly from: string; readonly to: string; readonly parallel: boolean }>();
    for (const { from, to } of ways) {
      for (const source of from) {
        for (const target of to) {
          const key = `${source}\n${target}`;
          const parallel = to.size > 1 || edges.get(key)?.parallel === true;
          edges.set(key, { from: source, to: target, parallel });
        }
      }
    }
    for (const [key, { from, to, parallel }] of edges) {
      const edge = this.#edges.get(key) ?? { from, to, count: 0, parallel: false };
      edge.count++;
      edge.parallel ||= parallel;
      this.#edges.set(key, edge);
    }
  }

  #addNodes(calls: readonly Called[]): void {
    const failures = new Map<string, boolean>();
    for (const { id, entry } of calls) {
      const { kind, name, status, at, end } = entry;
      let node = this.#nodes.get(id);
      if (node === undefined) this.#nodes.set(id, (node = { kind, name, count: 0, failed: 0, durationsMs: [] }));
      if (end > 0 && status !== "aborted" && node.durationsMs.length < durationsMax) node.durationsMs.push(end - at);
      failures.set(id, status === "failed" || failures.get(id) === true);
    }
    for (const [id, failed] of failures) {
      const node = this.#nodes.get(id);
      if (node === undefined) continue;
      node.count++;
      if (failed) node.failed++;
    }
  }

  result(runs: number): WorkflowGraph {
    const most = [...this.#nodes].toSorted(([, a], [, b]) => b.count - a.count).slice(0, graphNodesMax);
    const kept = new Set([startId, endId, ...most.map(([id]) => id)]);
    const nodes = [...this.#nodes].filter(([id]) => kept.has(id)).map(([id, sum]) => toNode(id, sum));
    const edges = [...this.#edges.values()].filter(({ from, to }) => kept.has(from) && kept.has(to));
    return {
      runs,
      nodes: [outer(startId, runs), ...nodes, outer(endId, this.#completed)],
      edges,
    };
  }
}

function outer(id: typeof startId | typeof endId, count: number): GraphNode {
  return { id, kind: id, name: id, count, failed: 0, p50Ms: undefined };
}

function toNode(id: string, { kind, name, count, failed, durationsMs }: NodeSum): GraphNode {
  const sorted = durationsMs.toSorted((a, b) => a - b);
  return { id, kind, name, count, failed, p50Ms: sorted[Math.ceil(sorted.length / 2) - 1] };
}
