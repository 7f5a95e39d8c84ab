// What the tree of a program tells of how it can be played.
import type { Node, StepNode } from "./program.suite.ts";

/**
 * True when a program may take another way once something is done again: it fails by itself, so that a retry can only guess what
 * to do again, or its way depends on which of several comes first.
 */
export function mayTakeAnotherWay(node: Node): boolean {
  switch (node.type) {
    case "throw":
    case "race":
    case "ctxRace":
      return true;
    case "try":
    case "map":
    case "lock":
      return mayTakeAnotherWay(node.body);
    case "seq":
    case "all":
      return node.nodes.some(mayTakeAnotherWay);
    default:
      return false;
  }
}

/** The same tree with other steps. */
export function mapSteps(node: Node, change: (step: StepNode) => StepNode): Node {
  switch (node.type) {
    case "step":
      return change(node);
    case "seq":
    case "all":
    case "race":
    case "ctxRace":
      return { ...node, nodes: node.nodes.map((each) => mapSteps(each, change)) };
    case "map":
    case "lock":
    case "try":
      return { ...node, body: mapSteps(node.body, change) };
    default:
      return node;
  }
}
