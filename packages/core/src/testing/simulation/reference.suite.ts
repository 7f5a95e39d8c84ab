// What a program returns when everything works: its meaning, without engine, worker or store.
import { nameOf } from "./program.suite.ts";
import type { Node, StepNode } from "./program.suite.ts";

/** Stands for a result that depends on chance or on people; a call that ends so never fails. */
const anything: unique symbol = Symbol("anything");

/** How a node ends; undefined where even that depends on chance or on people. */
export type Meaning =
  | { readonly value: unknown }
  | { readonly error: string; readonly cancels?: boolean | undefined }
  | undefined;

const value = (result: unknown): Meaning => ({ value: result });

export function meaningOf(node: Node, suffix = ""): Meaning {
  const path = node.path + suffix;
  switch (node.type) {
    case "step":
      return meaningOfStep(node, path);
    case "sleep":
    case "emit":
      return value(undefined);
    case "wait":
    case "state":
    case "call":
    case "approve":
    case "token":
    case "patched":
      return value(anything);
    case "start":
      return value("started");
    case "values":
    case "log":
      return value(node.type);
    case "lock":
      return node.timeoutMs === undefined ? caught(meaningOf(node.body, suffix)) : value(anything);
    case "try":
      return caught(meaningOf(node.body, suffix));
    case "throw":
      return { error: `thrown at ${path}`, cancels: node.cancels };
    case "seq":
      return inTurn(node.nodes, suffix);
    case "all":
      return together(node.nodes.map((each) => meaningOf(each, suffix)));
    case "map":
      return together(Array.from({ length: node.items }, (_, item) => meaningOf(node.body, `${suffix}@${item}`)));
    default:
      return undefined;
  }
}

function meaningOfStep(node: StepNode, path: string): Meaning {
  // The time of a task passes on the way to its worker too.
  if (node.task === true && node.timeoutMs !== undefined) return node.caught ? value(anything) : undefined;
  if (node.cache === undefined) return meaningOfOwnStep(node, path);
  // Somebody else's result takes the place of a failure.
  const own = meaningOfOwnStep(node, nameOf(node, path));
  const made = value(`did ${nameOf(node, path)}`);
  if (own !== undefined && "value" in own && own.value === `did ${nameOf(node, path)}`) return made;
  return node.caught ? value(anything) : undefined;
}

function meaningOfOwnStep(node: StepNode, path: string): Meaning {
  for (let attempt = 1; attempt <= node.attempts; attempt++) {
    const last = attempt === node.attempts;
    if (attempt <= node.slow) {
      if (last) return ended(node, `Step ${path} took longer than ${node.timeoutMs} ms.`);
      continue;
    }
    if (node.fatal) return ended(node, `fatal ${path}`);
    if (attempt - node.slow > node.fails) return value(`did ${path}`);
    if (last) return ended(node, `failed ${path}`);
  }
  return undefined;
}

function ended(node: StepNode, error: string): Meaning {
  return node.caught ? value({ caught: error }) : { error };
}

function caught(meaning: Meaning): Meaning {
  return meaning !== undefined && "error" in meaning ? value({ caught: meaning.error }) : meaning;
}

function inTurn(nodes: readonly Node[], suffix: string): Meaning {
  const values: unknown[] = [];
  for (const node of nodes) {
    const meaning = meaningOf(node, suffix);
    if (meaning === undefined || "error" in meaning) return meaning;
    values.push(meaning.value);
  }
  return value(values);
}

/** With two failures it depends on time which of them is met. */
function together(meanings: readonly Meaning[]): Meaning {
  if (meanings.includes(undefined)) return undefined;
  const errors = meanings.flatMap((meaning) => (meaning !== undefined && "error" in meaning ? [meaning] : []));
  if (errors.length > 0) return errors.length === 1 ? errors[0] : undefined;
  return value(meanings.map((meaning) => (meaning as { readonly value: unknown }).value));
}

/** A task that took its workers down again and again: that is chance, too. */
export const poisoned = "The task act took its worker down";

function isPoisoned(result: unknown): boolean {
  const caughtText = (result as { readonly caught?: unknown } | null | undefined)?.caught;
  return typeof caughtText === "string" && caughtText.startsWith(poisoned);
}

/** True when a result is what was meant, as far as that is known. */
export function isMeant(result: unknown, meant: unknown): boolean {
  if (meant === anything || isPoisoned(result)) return true;
  if (Array.isArray(meant)) {
    return (
      Array.isArray(result) &&
      result.length === meant.length &&
      meant.every((each, index) => isMeant(result[index], each))
    );
  }
  if (typeof meant !== "object" || meant === null) return Object.is(result, meant);
  if (typeof result !== "object" || result === null) return false;
  const keys = Object.keys(meant);
  return (
    Object.keys(result).length === keys.length &&
    keys.every((key) => isMeant((result as Record<string, unknown>)[key], (meant as Record<string, unknown>)[key]))
  );
}
