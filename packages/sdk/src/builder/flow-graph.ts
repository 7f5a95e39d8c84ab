// The graph a flow declares: what may follow what, before any run has gone that way. Its ids are those of journal entries, so
// that what runs did can be counted on it.
import type { DeclaredEdge, DeclaredGraph, DeclaredNode } from "@sluice/protocol";
import type { FlowNode } from "./nodes.ts";

const startId = "start";
const endId = "end";

/** The graph of these nodes, without `start` and `end`, which edges may name. */
export function declaredGraph(nodes: readonly FlowNode[]): DeclaredGraph {
  const drawing = new Drawing();
  for (const exit of drawing.sequence(nodes, [startId])) drawing.edge(exit, endId, false);
  return { nodes: [...drawing.nodes.values()], edges: [...drawing.edges.values()] };
}

class Drawing {
  readonly nodes = new Map<string, DeclaredNode>();
  readonly edges = new Map<string, DeclaredEdge>();

  edge(from: string, to: string, parallel: boolean): void {
    const key = `${from}\n${to}`;
    if (!this.edges.has(key)) this.edges.set(key, { from, to, parallel });
  }

  /** Draws an entry behind these; it is what the next follows. */
  #entry(kind: DeclaredNode["kind"], name: string, { from, parallel = false, within }: EntryOptions): string[] {
    const id = `${kind}:${name}`;
    if (!this.nodes.has(id)) this.nodes.set(id, { id, kind, name, ...(within === undefined ? {} : { within }) });
    for (const each of from) this.edge(each, id, parallel);
    return [id];
  }

  sequence(nodes: readonly FlowNode[], from: readonly string[]): readonly string[] {
    let exits = from;
    for (const node of nodes) {
      if (node.kind === "cancel") {
        for (const exit of exits) this.edge(exit, endId, false);
        return [];
      }
      exits = this.#node(node, exits);
    }
    return exits;
  }

  #node(node: FlowNode, before: readonly string[]): readonly string[] {
    const { name, options } = node;
    const from = options.delay === undefined ? before : this.#entry("sleep", `${name}: delay`, { from: before });
    switch (node.kind) {
      case "step":
        return this.#entry("step", name, { from });
      case "action":
        // Beside the flow: what comes next does not follow it.
        this.#entry("step", name, { from, parallel: true });
        return from;
      case "if":
        return this.#if(node, from);
      case "parallel":
      case "race":
        return node.handlers.flatMap((_, index) => this.#entry("step", `${name}[${index}]`, { from, parallel: true }));
      case "while":
        return this.#while(name, from);
      case "sleep":
        return this.#entry("sleep", name, { from });
      case "subflow":
        return this.#entry("call", node.workflow, { from });
      case "forEach":
      case "batch":
        return this.#entry("step", `${name}: items`, { from, within: `${name}/` });
      case "event":
        return this.#entry("event", node.event, { from });
      case "human":
      case "pause":
        return this.#entry("callback", name, { from: this.#entry("token", name, { from }) });
      default:
        return from;
    }
  }

  #if({ branches }: Extract<FlowNode, { readonly kind: "if" }>, before: readonly string[]): readonly string[] {
    const exits: string[] = [];
    let from = before;
    let open = true;
    for (const { name, condition, nodes } of branches) {
      if (condition === undefined) open = false;
      else from = this.#entry("step", name, { from });
      exits.push(...this.sequence(nodes, from));
    }
    // Without an else, nothing may happen.
    return open ? [...exits, ...from] : exits;
  }

  #while(name: string, from: readonly string[]): readonly string[] {
    const condition = this.#entry("step", `${name}: condition`, { from });
    const body = this.#entry("step", name, { from: condition });
    for (const each of body) this.edge(each, condition[0] ?? each, false);
    return condition;
  }
}

interface EntryOptions {
  readonly from: readonly string[];
  readonly parallel?: boolean;
  readonly within?: string;
}
