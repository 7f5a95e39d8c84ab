// The command lines of the tools that workers need everywhere. What comes from outside can be an argument of them, never an option.

import { RuntimeFailure } from "../failure.ts";

export interface GitPullOptions {
  /** The clone. */
  readonly folder: string;
  /** Default `origin`. */
  readonly remote?: string;
  /** Default: the one that the current branch follows. */
  readonly branch?: string;
  readonly timeoutMs?: number;
}

export interface RsyncOptions {
  /** A path, or `host:path`. As with rsync itself, a folder's name with `/` at its end stands for what is in it. */
  readonly from: string;
  readonly to: string;
  /** Whether what is not in `from` goes from `to`. Default false. */
  readonly delete?: boolean;
  readonly exclude?: readonly string[];
  readonly timeoutMs?: number;
}

/** Refuses what a tool would take for an option: ssh and git run programs that their options name. */
function plain(what: string, value: string): string {
  if (value === "" || value.startsWith("-"))
    throw new RuntimeFailure(
      "bad_argument",
      `${what} is ${JSON.stringify(value)}, which is empty or would be an option`,
    );
  return value;
}

/** `git pull` that only goes forward, with what it must find in its environment. */
export function gitPullCommand(options: GitPullOptions): {
  readonly words: readonly string[];
  readonly env: Readonly<Record<string, string>>;
} {
  const { folder, remote = "origin", branch } = options;
  // `ext::` addresses are commands.
  const words = [
    "git",
    "-C",
    plain("the folder", folder),
    "-c",
    "protocol.ext.allow=never",
    "pull",
    "--ff-only",
    "--quiet",
  ];
  if (branch !== undefined) words.push(plain("the remote", remote), plain("the branch", branch));
  else if (options.remote !== undefined) words.push(plain("the remote", remote));
  return { words, env: { GIT_TERMINAL_PROMPT: "0" } };
}

/** `rsync` that keeps modes and times, and lets no shell of the other machine read the paths. */
export function rsyncCommand(options: RsyncOptions): readonly string[] {
  const words = ["rsync", "--archive", "--secluded-args"];
  if (options.delete === true) words.push("--delete");
  for (const pattern of options.exclude ?? []) words.push(`--exclude=${pattern}`);
  words.push("--", plain("the source", options.from), plain("the target", options.to));
  return words;
}
