// Places the nodes of a directed graph in layers, from the top down: an edge leads to a layer below, and edges cross as
// little as can be had cheaply. Source: Sugiyama, Tagawa, Toda, "Methods for visual understanding of hierarchical system
// structures" (1981), with longest-path layers and the median heuristic.

export interface LayoutNode {
  readonly id: string;
  readonly widthPx: number;
  readonly heightPx: number;
}
export interface LayoutEdge {
  readonly from: string;
  readonly to: string;
}
export interface LayoutGaps {
  /** Between nodes of a layer. */
  readonly nodePx: number;
  /** Between layers. */
  readonly layerPx: number;
}
interface Placed {
  /** Of the upper left corner. */
  readonly x: number;
  readonly y: number;
}
export interface Layout {
  readonly places: ReadonlyMap<string, Placed>;
  /** Edges that lead back up, by their place in the list. */
  readonly back: ReadonlySet<number>;
  readonly widthPx: number;
  readonly heightPx: number;
}

const sweeps = 6;
const narrowPx = 12;

/** A node, or a place that an edge over several layers passes. */
interface Spot {
  readonly id: string | undefined;
  readonly widthPx: number;
  readonly layer: number;
  readonly above: Spot[];
  readonly below: Spot[];
  at: number;
  x: number;
}

/** The same graph is always placed the same way. Edges from or to what is no node are left out. */
export function layeredLayout(
  nodes: readonly LayoutNode[],
  edges: readonly LayoutEdge[],
  gaps: LayoutGaps = { nodePx: 32, layerPx: 48 },
): Layout {
  const known = new Set(nodes.map(({ id }) => id));
  const back = backEdges(nodes, edges);
  const forward = edges.filter(
    ({ from, to }, index) => !back.has(index) && from !== to && known.has(from) && known.has(to),
  );
  const layerOf = layersOf(nodes, forward);
  const layers = spotsOf(nodes, forward, layerOf);
  order(layers);
  place(layers, gaps.nodePx);
  const places = new Map<string, Placed>();
  const heights = new Map(nodes.map(({ id, heightPx }) => [id, heightPx]));
  const all = layers.flat();
  const left = Math.min(0, ...all.map(({ x, widthPx }) => x - widthPx / 2));
  let y = 0;
  for (const layer of layers) {
    const height = Math.max(0, ...layer.map(({ id }) => (id === undefined ? 0 : (heights.get(id) ?? 0))));
    for (const { id, x, widthPx } of layer) {
      if (id !== undefined) places.set(id, { x: x - widthPx / 2 - left, y: y + (height - (heights.get(id) ?? 0)) / 2 });
    }
    y += height + gaps.layerPx;
  }
  const right = Math.max(0, ...all.map(({ x, widthPx }) => x + widthPx / 2));
  return { places, back, widthPx: right - left, heightPx: Math.max(0, y - gaps.layerPx) };
}

/** Edges that close a circle, seen from the nodes in their order. */
function backEdges(nodes: readonly LayoutNode[], edges: readonly LayoutEdge[]): ReadonlySet<number> {
  const out = new Map<string, { readonly to: string; readonly index: number }[]>();
  for (const [index, { from, to }] of edges.entries()) {
    const list = out.get(from);
    if (list === undefined) out.set(from, [{ to, index }]);
    else list.push({ to, index });
  }
  const back = new Set<number>();
  const state = new Map<string, "open" | "done">();
  for (const { id } of nodes) {
    if (state.has(id)) continue;
    // Without recursion: a chain may be long.
    const way = [{ id, next: 0 }];
    state.set(id, "open");
    for (let top = way.at(-1); top !== undefined; top = way.at(-1)) {
      const edge = out.get(top.id)?.[top.next++];
      if (edge === undefined) {
        state.set(top.id, "done");
        way.pop();
      } else if (state.get(edge.to) === "open") back.add(edge.index);
      else if (!state.has(edge.to)) {
        state.set(edge.to, "open");
        way.push({ id: edge.to, next: 0 });
      }
    }
  }
  return back;
}

/** The longest way from above decides. */
function layersOf(nodes: readonly LayoutNode[], edges: readonly LayoutEdge[]): ReadonlyMap<string, number> {
  const into = new Map<string, number>(nodes.map(({ id }) => [id, 0]));
  const out = new Map<string, string[]>(nodes.map(({ id }) => [id, []]));
  for (const { from, to } of edges) {
    into.set(to, (into.get(to) ?? 0) + 1);
    out.get(from)?.push(to);
  }
  const layerOf = new Map<string, number>();
  const ready = nodes.filter(({ id }) => into.get(id) === 0).map(({ id }) => id);
  for (const id of ready) layerOf.set(id, 0);
  for (const id of ready) {
    const layer = layerOf.get(id) ?? 0;
    for (const to of out.get(id) ?? []) {
      layerOf.set(to, Math.max(layerOf.get(to) ?? 0, layer + 1));
      const left = (into.get(to) ?? 0) - 1;
      into.set(to, left);
      if (left === 0) ready.push(to);
    }
  }
  return layerOf;
}

function spotsOf(
  nodes: readonly LayoutNode[],
  edges: readonly LayoutEdge[],
  layerOf: ReadonlyMap<string, number>,
): Spot[][] {
  const layers: Spot[][] = [];
  const add = (id: string | undefined, widthPx: number, layer: number): Spot => {
    const row = (layers[layer] ??= []);
    const spot: Spot = { id, widthPx, layer, above: [], below: [], at: row.length, x: 0 };
    row.push(spot);
    return spot;
  };
  const spots = new Map(nodes.map(({ id, widthPx }) => [id, add(id, widthPx, layerOf.get(id) ?? 0)]));
  for (const { from, to } of edges) {
    const last = spots.get(to);
    let above = spots.get(from);
    if (above === undefined || last === undefined) continue;
    for (let layer = above.layer + 1; layer < last.layer; layer++) {
      const between = add(undefined, narrowPx, layer);
      above.below.push(between);
      between.above.push(above);
      above = between;
    }
    above.below.push(last);
    last.above.push(above);
  }
  return layers;
}

function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const high = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? high : ((sorted[middle - 1] ?? high) + high) / 2;
}

/** Sorts each layer by the middle of what it hangs on, down and up in turn. */
function order(layers: readonly Spot[][]): void {
  for (let sweep = 0; sweep < sweeps; sweep++) {
    const down = sweep % 2 === 0;
    for (const layer of down ? layers : layers.toReversed()) {
      const wanted = new Map(
        layer.map((spot) => {
          const ties = down ? spot.above : spot.below;
          return [spot, ties.length === 0 ? spot.at : median(ties.map(({ at }) => at))];
        }),
      );
      layer.sort((a, b) => (wanted.get(a) ?? 0) - (wanted.get(b) ?? 0) || a.at - b.at);
      for (const [at, spot] of layer.entries()) spot.at = at;
    }
  }
}

/** Puts each layer around the middle, then moves its spots below what they hang on as far as the others let them. */
function place(layers: readonly Spot[][], gapPx: number): void {
  for (const layer of layers) {
    const width = layer.reduce((sum, { widthPx }) => sum + widthPx + gapPx, -gapPx);
    let x = -width / 2;
    for (const spot of layer) {
      spot.x = x + spot.widthPx / 2;
      x += spot.widthPx + gapPx;
    }
  }
  for (let sweep = 0; sweep < sweeps; sweep++) {
    const down = sweep % 2 === 0;
    for (const layer of down ? layers : layers.toReversed()) {
      align(layer, (spot) => (down ? spot.above : spot.below), gapPx);
    }
  }
}

function align(layer: readonly Spot[], tiesOf: (spot: Spot) => readonly Spot[], gapPx: number): void {
  const wanted = layer.map((spot) => {
    const ties = tiesOf(spot);
    return ties.length === 0 ? spot.x : median(ties.map(({ x }) => x));
  });
  const room = (a: Spot, b: Spot) => (a.widthPx + b.widthPx) / 2 + gapPx;
  // As far left and as far right as each may be; the middle of both keeps a group of equals together.
  const fromLeft: number[] = [];
  for (const [index, spot] of layer.entries()) {
    const before = layer[index - 1];
    const least = before === undefined ? Number.NEGATIVE_INFINITY : (fromLeft[index - 1] ?? 0) + room(before, spot);
    fromLeft.push(Math.max(wanted[index] ?? 0, least));
  }
  const fromRight: number[] = [];
  for (let index = layer.length - 1; index >= 0; index--) {
    const spot = layer[index] as Spot;
    const after = layer[index + 1];
    const most = after === undefined ? Number.POSITIVE_INFINITY : (fromRight[index + 1] ?? 0) - room(spot, after);
    fromRight[index] = Math.min(wanted[index] ?? 0, most);
  }
  for (const [index, spot] of layer.entries()) spot.x = ((fromLeft[index] ?? 0) + (fromRight[index] ?? 0)) / 2;
}
