// What the tree of a program tells of how it can be played.
import type { Node } from "./program.suite.ts";

/** True when something in a program has to be undone, or done again under a lock, before it can be tried again. */
export function hasUndosOrLocks(node: Node): boolean {
  switch (node.type) {
    case "step":
      return node.undo !== undefined;
    case "lock":
      return true;
    case "try":
    case "map":
      return hasUndosOrLocks(node.body);
    case "seq":
    case "all":
    case "race":
    case "ctxRace":
      return node.nodes.some(hasUndosOrLocks);
    default:
      return false;
  }
}

/** True when a program does one thing after the other, so that its calls have the same order whatever each of them takes. */
export function isSequential(node: Node): boolean {
  switch (node.type) {
    case "all":
    case "race":
    case "ctxRace":
      return false;
    case "map":
      return (node.concurrency === 1 || node.items === 1) && isSequential(node.body);
    case "seq":
      return node.nodes.every(isSequential);
    case "try":
    case "lock":
      return isSequential(node.body);
    default:
      return true;
  }
}
