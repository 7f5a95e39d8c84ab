// The key of a task: a digest of all that its result may depend on, kept with its parts so that a difference can be named.
import type { Digest } from "../ports.ts";
import type { TaskNode } from "../graph/task-graph.ts";
import { digestOfRecord, digestOfTexts } from "./fingerprint.ts";

/** Raised whenever keys are made in another way. */
const keyVersion = "2";

/** What holds for all tasks of a workspace. */
export interface GlobalParts {
  /** `linux x64 glibc`. */
  readonly platform: string;
  /** Versions by name of a tool. */
  readonly tools: Readonly<Record<string, string>>;
  /** Digests of files that all depend on, by path. */
  readonly files: Readonly<Record<string, Digest>>;
  /** Digests of values by name of a variable. */
  readonly env: Readonly<Record<string, string>>;
}

/** All that goes into a key, with names that people know. */
export interface KeyParts {
  readonly global: GlobalParts;
  readonly command: string;
  readonly args: readonly string[];
  /** Parts of the definition by name, as JSON. */
  readonly definition: Readonly<Record<string, string>>;
  readonly files: Readonly<Record<string, Digest>>;
  readonly env: Readonly<Record<string, string>>;
  /** Of what the package gets from outside. */
  readonly external: Digest;
  /** By id of a task that it depends on: what that task left, or its key. */
  readonly upstream: Readonly<Record<string, string>>;
}

/** What of a definition decides about a result. What is only shown, or only passed on, does not. */
export function definitionParts({ definition, package: pkg }: TaskNode): Readonly<Record<string, string>> {
  const { outputs, inputs, env, cache, persistent, command, isRootedOutputs } = definition;
  return {
    folder: JSON.stringify(pkg.folder),
    outputs: JSON.stringify([...outputs].toSorted()),
    inputs: JSON.stringify(inputs ?? null),
    env: JSON.stringify([...env].toSorted()),
    cache: String(cache),
    persistent: String(persistent),
    ...(command === undefined ? {} : { command: JSON.stringify([command.folder, command.env ?? {}]) }),
    ...(isRootedOutputs === true ? { outputsFrom: "root" } : {}),
  };
}

function globalDigest({ platform, tools, files, env }: GlobalParts): Digest {
  return digestOfTexts([platform, digestOfRecord(tools), digestOfRecord(files), digestOfRecord(env)]);
}

const globalDigests = new WeakMap<GlobalParts, Digest>();

/** Of all but what comes of other tasks: made once for each task of a build. */
export function ownDigest(id: string, parts: Omit<KeyParts, "upstream">): Digest {
  let global = globalDigests.get(parts.global);
  if (global === undefined) globalDigests.set(parts.global, (global = globalDigest(parts.global)));
  return digestOfTexts([
    keyVersion,
    id,
    global,
    parts.command,
    digestOfTexts(parts.args),
    digestOfRecord(parts.definition),
    digestOfRecord(parts.files),
    digestOfRecord(parts.env),
    parts.external,
  ]);
}

export function keyWith(own: Digest, upstream: Readonly<Record<string, string>>): Digest {
  return digestOfTexts([own, digestOfRecord(upstream)]);
}

export function keyOf(id: string, { upstream, ...own }: KeyParts): Digest {
  return keyWith(ownDigest(id, own), upstream);
}
