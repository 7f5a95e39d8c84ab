// The task graph as others draw it: Graphviz's language, and a page that needs nothing else.
import type { TaskGraph } from "./task-graph.ts";

function quoted(text: string): string {
  return `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
}

/** Arrows lead from a task to what it depends on. The language: https://graphviz.org/doc/info/lang.html */
export function asDot(graph: TaskGraph): string {
  const lines = [...graph.tasks.values()].flatMap(({ id, dependencies }) => [
    `  ${quoted(id)}`,
    ...dependencies.map((other) => `  ${quoted(id)} -> ${quoted(other)}`),
  ]);
  return `${["digraph {", "  rankdir = LR", "  node [shape = box]", ...lines, "}"].join("\n")}\n`;
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}

const boxWidth = 220;
const boxHeight = 28;
const columnWidth = 300;
const rowHeight = 44;

/** Columns by how far a task is from those without dependencies. */
export function asHtml(graph: TaskGraph): string {
  const columns = new Map<string, number>();
  const rows: number[] = [];
  const places = new Map<string, { readonly x: number; readonly y: number }>();
  for (const { id, dependencies } of graph.tasks.values()) {
    const column = Math.max(-1, ...dependencies.map((other) => columns.get(other) ?? -1)) + 1;
    columns.set(id, column);
    const row = rows[column] ?? 0;
    rows[column] = row + 1;
    places.set(id, { x: 20 + column * columnWidth, y: 20 + row * rowHeight });
  }
  const width = rows.length * columnWidth;
  const height = 40 + Math.max(0, ...rows) * rowHeight;
  const arrows = [...graph.tasks.values()].flatMap(({ id, dependencies }) =>
    dependencies.map((other) => {
      const [from, to] = [places.get(other) ?? { x: 0, y: 0 }, places.get(id) ?? { x: 0, y: 0 }];
      const [x1, y1, x2, y2] = [from.x + boxWidth, from.y + boxHeight / 2, to.x, to.y + boxHeight / 2];
      return `<path d="M${x1} ${y1} C${x1 + 40} ${y1} ${x2 - 40} ${y2} ${x2} ${y2}"/>`;
    }),
  );
  const boxes = [...places].map(
    ([id, { x, y }]) =>
      `<g transform="translate(${x} ${y})"><rect width="${boxWidth}" height="${boxHeight}" rx="4"/><text x="8" y="19">${escaped(id)}</text></g>`,
  );
  const style = "body{font:14px system-ui}path{fill:none;stroke:#999}rect{fill:#eef;stroke:#669}";
  return `<!doctype html><meta charset="utf-8"><title>Task graph</title><style>${style}</style><svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">${arrows.join("")}${boxes.join("")}</svg>\n`;
}
