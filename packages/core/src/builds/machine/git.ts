// What builds ask of git, as its program answers.
import type { Git } from "../ports.ts";

interface Answer {
  readonly exitCode: number;
  readonly stdout: string;
}

/** Undefined where there is no git at all. */
async function ask(
  folder: string,
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Promise<Answer | undefined> {
  try {
    // Optional locks would hold up whoever commits meanwhile.
    const child = Bun.spawn(["git", "-C", folder, ...args], {
      env: { ...env, GIT_OPTIONAL_LOCKS: "0" },
      stdin: "ignore",
      stdout: "pipe",
      stderr: "ignore",
    });
    const stdout = await new Response(child.stdout).text();
    return { exitCode: await child.exited, stdout };
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
}

const lines = (text: string): readonly string[] => text.split("\0").filter((line) => line !== "");
/** What a name of a commit or branch may not begin with: it would be an option. */
const option = /^-/;

export function machineGit(env: Readonly<Record<string, string | undefined>>): Git {
  const git: Git = {
    async files(folder) {
      const answer = await ask(folder, ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], env);
      if (answer === undefined || answer.exitCode !== 0) return undefined;
      return [...new Set(lines(answer.stdout))].toSorted();
    },
    async changed(folder, { from, to }) {
      if (option.test(from) || (to !== undefined && option.test(to))) return undefined;
      // Since the branches parted, as a pull request shows it.
      const base = await ask(folder, ["merge-base", from, to ?? "HEAD"], env);
      const start = base?.exitCode === 0 ? base.stdout.trim() : from;
      const tracked = await ask(
        folder,
        ["diff", "--name-only", "--no-renames", "-z", "--relative", start, ...(to === undefined ? [] : [to]), "--"],
        env,
      );
      if (tracked === undefined || tracked.exitCode !== 0) return undefined;
      const others =
        to === undefined ? await ask(folder, ["ls-files", "-z", "--others", "--exclude-standard"], env) : undefined;
      return [...new Set([...lines(tracked.stdout), ...lines(others?.stdout ?? "")])].toSorted();
    },
    async tracked(folder, paths) {
      if (paths.length === 0) return new Set();
      const child = await ask(folder, ["ls-files", "-z", "--cached"], env);
      const all = new Set(lines(child?.stdout ?? ""));
      return new Set(paths.filter((path) => all.has(path)));
    },
    async head(folder) {
      const answer = await ask(folder, ["rev-parse", "HEAD", "--abbrev-ref", "HEAD"], env);
      const [sha, branch] = answer?.exitCode === 0 ? answer.stdout.trim().split("\n") : [];
      return sha === undefined || branch === undefined ? undefined : { sha, branch };
    },
  };
  return git;
}
