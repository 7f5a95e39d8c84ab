// Says in words why a task had to be executed, or did not: what of its key is not as it was in the nearest earlier one.
import type { KeyParts } from "../hash/task-key.ts";
import type { RecordedKey } from "../records/records.ts";

type ChangeKind = "file" | "variable" | "dependency" | "tool" | "definition" | "command" | "upstream" | "external";

export interface KeyChange {
  readonly kind: ChangeKind;
  /** Of the file, the variable, the task. */
  readonly name: string;
  readonly how: "changed" | "added" | "removed";
}

function differences(
  kind: ChangeKind,
  before: Readonly<Record<string, string>>,
  after: Readonly<Record<string, string>>,
): readonly KeyChange[] {
  return [...new Set([...Object.keys(before), ...Object.keys(after)])]
    .filter((name) => before[name] !== after[name])
    .toSorted()
    .map((name) => ({
      kind,
      name,
      how: before[name] === undefined ? "added" : after[name] === undefined ? "removed" : "changed",
    }));
}

/** Everything that differs. */
export function keyChanges(before: KeyParts, after: KeyParts): readonly KeyChange[] {
  const changes: KeyChange[] = [];
  if (before.global.platform !== after.global.platform)
    changes.push({
      kind: "tool",
      name: `the system (${before.global.platform} → ${after.global.platform})`,
      how: "changed",
    });
  for (const each of differences("tool", before.global.tools, after.global.tools)) {
    const { [each.name]: from = "none" } = before.global.tools;
    const { [each.name]: to = "none" } = after.global.tools;
    changes.push({ ...each, name: `${each.name} (${from} → ${to})` });
  }
  changes.push(...differences("file", before.global.files, after.global.files));
  changes.push(...differences("variable", before.global.env, after.global.env));
  if (before.command !== after.command) changes.push({ kind: "command", name: "its script", how: "changed" });
  if (before.args.join("\0") !== after.args.join("\0"))
    changes.push({ kind: "command", name: "the arguments behind --", how: "changed" });
  changes.push(...differences("definition", before.definition, after.definition));
  changes.push(...differences("file", before.files, after.files));
  changes.push(...differences("variable", before.env, after.env));
  if (before.external !== after.external)
    changes.push({ kind: "external", name: "what the lockfile has for this package", how: "changed" });
  changes.push(...differences("upstream", before.upstream, after.upstream));
  return changes;
}

const nouns: Readonly<Record<ChangeKind, string>> = {
  file: "the file",
  variable: "the variable",
  dependency: "the dependency",
  tool: "the tool",
  definition: "in its definition:",
  command: "",
  upstream: "what came of",
  external: "",
};

/** One line each. */
export function changeText({ kind, name, how }: KeyChange): string {
  const noun = nouns[kind];
  return `${noun === "" ? "" : `${noun} `}${name} ${how === "changed" ? "changed" : how === "added" ? "is new" : "is gone"}`;
}

export interface Explanation {
  readonly task: string;
  readonly hash: string;
  /** Time of the key that it is compared with; null where there was none before. */
  readonly comparedWithMs: number | null;
  readonly changes: readonly KeyChange[];
}

/** Compares with the earlier key from which it differs in the fewest things; of several, the newest. */
export function explain(
  task: string,
  now: { readonly key: string; readonly parts: KeyParts },
  earlier: readonly RecordedKey[],
): Explanation {
  let best: { readonly at: number; readonly changes: readonly KeyChange[] } | undefined;
  for (const { key, atMs, parts } of earlier) {
    if (key === now.key) continue;
    const changes = keyChanges(parts, now.parts);
    if (best === undefined || changes.length < best.changes.length) best = { at: atMs, changes };
  }
  return { task, hash: now.key, comparedWithMs: best?.at ?? null, changes: best?.changes ?? [] };
}
