// What git says of a folder. Repositories are other people's: none of their hooks or programs is run by asking.
import { spawn } from "node:child_process";

export interface GitAnswer {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface GitStatus {
  /** Top of the working tree. */
  readonly root: string;
  /** Undefined where no branch is checked out. */
  readonly branch: string | undefined;
  readonly hasUpstream: boolean;
  readonly ahead: number;
  readonly behind: number;
  /** Relative to `root`; with the two letters of `git status --short`. */
  readonly files: readonly { readonly letters: string; readonly path: string }[];
  readonly isWorktree: boolean;
  /** Top of the working tree that has the repository in it. */
  readonly mainRoot: string;
}

const outputBytesMax = 8 * 1024 * 1024;
const timeMsMax = 20_000;
/** Asking must run nothing that a repository names. */
const harmless = ["-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "-c", "diff.external="];

/** Exit code 127 where there is no git, 124 when it took too long or said too much. */
export function git(cwd: string, args: readonly string[]): Promise<GitAnswer> {
  const { promise, resolve } = Promise.withResolvers<GitAnswer>();
  const child = spawn("git", [...harmless, ...args], {
    cwd,
    stdio: ["ignore", "pipe", "pipe"],
    timeout: timeMsMax,
    env: { ...process.env, GIT_OPTIONAL_LOCKS: "0", GIT_TERMINAL_PROMPT: "0", LC_ALL: "C.UTF-8" },
  });
  const pieces: { stdout: Buffer[]; stderr: Buffer[] } = { stdout: [], stderr: [] };
  let bytes = 0;
  for (const name of ["stdout", "stderr"] as const) {
    child[name].on("data", (piece: Buffer) => {
      bytes += piece.length;
      if (bytes > outputBytesMax) child.kill();
      else pieces[name].push(piece);
    });
  }
  const textOf = (name: "stdout" | "stderr"): string => Buffer.concat(pieces[name]).toString("utf8");
  child.on("error", () => resolve({ exitCode: 127, stdout: "", stderr: "git cannot be begun" }));
  child.on("close", (code) => resolve({ exitCode: code ?? 124, stdout: textOf("stdout"), stderr: textOf("stderr") }));
  return promise;
}

/** Undefined outside of a repository. */
export async function gitStatusOf(folder: string): Promise<GitStatus | undefined> {
  const [places, status] = await Promise.all([
    git(folder, ["rev-parse", "--path-format=absolute", "--show-toplevel", "--git-dir", "--git-common-dir"]),
    git(folder, ["status", "--porcelain=v2", "--branch", "-z"]),
  ]);
  if (places.exitCode !== 0 || status.exitCode !== 0) return undefined;
  const [root = "", own = "", common = ""] = places.stdout.trim().split("\n");
  const isWorktree = own !== common;
  return {
    ...statusIn(status.stdout),
    root,
    isWorktree,
    mainRoot: isWorktree ? common.replace(/\/\.git\/?$/, "") : root,
  };
}

/** Of `git status --porcelain=v2 --branch -z`. */
function statusIn(text: string): Pick<GitStatus, "branch" | "hasUpstream" | "ahead" | "behind" | "files"> {
  const files: { letters: string; path: string }[] = [];
  let branch: string | undefined;
  let hasUpstream = false;
  let [ahead, behind] = [0, 0];
  const records = text.split("\0");
  for (let index = 0; index < records.length; index++) {
    const record = records[index] ?? "";
    const fields = record.split(" ");
    if (record.startsWith("# branch.head ")) branch = fields[2] === "(detached)" ? undefined : fields[2];
    else if (record.startsWith("# branch.upstream ")) hasUpstream = true;
    else if (record.startsWith("# branch.ab "))
      [ahead, behind] = [Number(fields[2]?.slice(1)), Number(fields[3]?.slice(1))];
    else if (fields[0] === "?") files.push({ letters: "??", path: fields.slice(1).join(" ") });
    else if (fields[0] === "1") files.push({ letters: lettersIn(fields[1]), path: fields.slice(8).join(" ") });
    else if (fields[0] === "u") files.push({ letters: lettersIn(fields[1]), path: fields.slice(10).join(" ") });
    else if (fields[0] === "2") {
      files.push({ letters: lettersIn(fields[1]), path: fields.slice(9).join(" ") });
      // The name before follows as a record of its own.
      index++;
    }
  }
  return { branch, hasUpstream, ahead, behind, files };
}

function lettersIn(text = ""): string {
  return text.replaceAll(".", " ");
}

export interface GitCounts {
  readonly modified: number;
  readonly added: number;
  readonly deleted: number;
  readonly untracked: number;
  readonly staged: number;
}

/** Each file once in the working tree, and once more where it is staged. */
export function countsOf({ files }: Pick<GitStatus, "files">): GitCounts {
  const count = (fits: (letters: string) => boolean): number => files.filter(({ letters }) => fits(letters)).length;
  return {
    modified: count((letters) => letters[1] === "M"),
    added: count((letters) => letters[0] === "A"),
    deleted: count((letters) => letters[1] === "D" || letters[0] === "D"),
    untracked: count((letters) => letters === "??"),
    staged: count((letters) => letters !== "??" && letters[0] !== " "),
  };
}
