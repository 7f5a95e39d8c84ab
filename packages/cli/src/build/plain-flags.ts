// Reads the usual arguments of `sluice build` without the library that commands are made with: loading that takes longer than
// a build in which there is nothing to do.
import type { BuildFlags } from "./flags.ts";

/** Words that are commands of their own. */
const commands = new Set(["graph", "affected", "explain", "watch", "help"]);
const flagOf: Readonly<Record<string, keyof BuildFlags>> = { "--json": "json", "--force": "force", "--only": "only" };
const valueOf: Readonly<Record<string, keyof BuildFlags>> = {
  "--project": "project",
  "--concurrency": "concurrency",
  "--shard": "shard",
};
const listOf: Readonly<Record<string, keyof BuildFlags>> = { "--filter": "filter", "--task": "task" };
const choiceOf: Readonly<Record<string, readonly [keyof BuildFlags, readonly string[]]>> = {
  "--ui": ["ui", ["grouped", "stream"]],
  "--output-logs": ["outputLogs", ["full", "new-only", "errors-only", "hash-only", "none"]],
};

/** Undefined where something stands there that is not as plain as this: then the library reads it, and says what is wrong. */
export function plainBuild(
  args: readonly string[],
): { readonly tasks: readonly string[]; readonly flags: BuildFlags } | undefined {
  const tasks: string[] = [];
  const flags: Record<string, unknown> = {};
  for (let at = 0; at < args.length; at++) {
    const word = args[at] ?? "";
    if (!word.startsWith("-")) {
      if (commands.has(word)) return undefined;
      tasks.push(word);
      continue;
    }
    if (Object.hasOwn(flagOf, word)) {
      flags[flagOf[word] ?? ""] = true;
      continue;
    }
    const equals = word.indexOf("=");
    const name = equals === -1 ? word : word.slice(0, equals);
    const value = equals === -1 ? args[++at] : word.slice(equals + 1);
    if (value === undefined || (equals === -1 && value.startsWith("-"))) return undefined;
    const [choice, choices] = choiceOf[name] ?? [];
    if (choice !== undefined && choices?.includes(value) === true) flags[choice] = value;
    else if (Object.hasOwn(valueOf, name)) flags[valueOf[name] ?? ""] = value;
    else if (Object.hasOwn(listOf, name)) {
      const list = listOf[name] ?? "";
      flags[list] = [...((flags[list] as readonly string[] | undefined) ?? []), value];
    } else return undefined;
  }
  return { tasks, flags };
}
