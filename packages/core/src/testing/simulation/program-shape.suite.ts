// What the tree of a program tells of how it can be played.
import type { Node } from "./program.suite.ts";

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
