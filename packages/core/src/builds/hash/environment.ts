// Which variables reach a task, and which of them its key depends on.
import type { EnvMode, GlobalRules, TaskDefinition } from "../workspace/package.ts";
import { sha256 } from "./fingerprint.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

/** What every task gets: without these, programs do not find themselves, their user or their terminal. */
const always = [
  "PATH",
  "HOME",
  "USER",
  "LOGNAME",
  "SHELL",
  "TMPDIR",
  "TMP",
  "TEMP",
  "TZ",
  "LANG",
  "LC_*",
  "TERM",
  "COLORTERM",
  "NO_COLOR",
  "FORCE_COLOR",
  "CI",
  "XDG_RUNTIME_DIR",
  "XDG_CACHE_HOME",
  "SSH_AUTH_SOCK",
  "COREPACK_HOME",
  "DISPLAY",
  "DBUS_SESSION_BUS_ADDRESS",
  "XAUTHORITY",
  "DOCKER_*",
  "GITHUB_ACTIONS",
] as const;

/** They reach every task and change what programs do: a key has them too. */
const alwaysHashed = [
  "NODE_OPTIONS",
  "LD_PRELOAD",
  "LD_LIBRARY_PATH",
  "DYLD_INSERT_LIBRARIES",
  "DYLD_LIBRARY_PATH",
] as const;

function nameTests(patterns: readonly string[]): (name: string) => boolean {
  const test = (pattern: string): ((name: string) => boolean) => {
    if (!pattern.includes("*")) return (name) => name === pattern;
    const expression = new RegExp(
      `^${pattern
        .split("*")
        .map((part) => part.replace(/[.+?^${}()|[\]\\]/g, String.raw`\$&`))
        .join(".*")}$`,
      "s",
    );
    return (name) => expression.test(name);
  };
  const wanted = patterns.filter((each) => !each.startsWith("!")).map(test);
  const unwanted = patterns.filter((each) => each.startsWith("!")).map((each) => test(each.slice(1)));
  return (name) => wanted.some((each) => each(name)) && !unwanted.some((each) => each(name));
}

/** Variables that patterns mean, in order of names. */
export function variablesOf(
  env: Environment,
  patterns: readonly string[],
): readonly (readonly [name: string, value: string])[] {
  const isMeant = nameTests(patterns);
  return Object.entries(env)
    .filter((entry): entry is [string, string] => entry[1] !== undefined && isMeant(entry[0]))
    .toSorted(([a], [b]) => (a < b ? -1 : 1));
}

/** Digests of values by name: what keys are made of, and explanations, never holds a value. */
export function hashedVariables(env: Environment, patterns: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    variablesOf(env, [...patterns, ...alwaysHashed]).map(([name, value]) => [name, sha256(`${name}\0${value}`)]),
  );
}

/** All that a task gets of the environment. */
export function environmentOf(
  env: Environment,
  p: { readonly mode: EnvMode; readonly global: GlobalRules; readonly definition: TaskDefinition },
): Readonly<Record<string, string>> {
  const { mode, global, definition } = p;
  if (mode === "loose") return Object.fromEntries(variablesOf(env, ["*"]));
  // What one list leaves out another may still ask for.
  const lists = [
    [...always, ...alwaysHashed],
    global.env,
    global.passThroughEnv,
    definition.env,
    definition.passThroughEnv,
  ];
  return Object.fromEntries(lists.flatMap((list) => variablesOf(env, list)));
}
