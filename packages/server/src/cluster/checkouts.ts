// Git repositories that components come from: one revision each, fetched beside everything else and removed when it has been read.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fail, ok } from "@sluice/core";
import type { Checkouts, ProcessRunner } from "@sluice/core/cluster";
import { filesIn } from "./machine.ts";

/** Nobody is there to be asked for a password, and a repository says nothing of programs to run. */
const env = {
  GIT_TERMINAL_PROMPT: "0",
  GIT_CONFIG_COUNT: "1",
  GIT_CONFIG_KEY_0: "protocol.ext.allow",
  GIT_CONFIG_VALUE_0: "never",
};
const saidCharsMax = 1_000;

export function gitCheckouts(processes: ProcessRunner): Checkouts {
  return {
    async open({ url, ref, timeoutMs }) {
      const folder = await mkdtemp(join(tmpdir(), "sluice-source-"));
      const close = (): Promise<void> => rm(folder, { recursive: true, force: true });
      const git = (...args: readonly string[]) =>
        processes.run({ command: "git", args: ["-C", folder, ...args], env, timeoutMs });
      try {
        let commit = "";
        for (const args of [
          ["init", "--quiet"],
          ["fetch", "--quiet", "--depth", "1", "--no-tags", url, ref ?? "HEAD"],
          ["checkout", "--quiet", "--detach", "FETCH_HEAD"],
          ["rev-parse", "HEAD"],
        ]) {
          const { exitCode, stdout, stderr } = await git(...args);
          if (exitCode === 0) {
            commit = stdout.trim();
            continue;
          }
          await close();
          return fail({
            code: "invalid_component",
            message: `${url} cannot be fetched: git ${args[0]} says ${stderr.trim().slice(-saidCharsMax)}`,
            hint: "The server's user has to be able to read it without being asked for anything.",
          });
        }
        return ok({ files: filesIn(folder), commit, close });
      } catch (error) {
        await close();
        const why = error instanceof Error ? error.message : String(error);
        return fail({
          code: "unavailable",
          message: `git cannot be started where the server runs: ${why}`,
          hint: "Install git there.",
        });
      }
    },
  };
}
