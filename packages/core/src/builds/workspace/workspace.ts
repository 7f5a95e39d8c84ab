// Reads a workspace: its root, its packages, and the rules of their tasks.
import { fail, ok } from "../../kernel/result.ts";
import type { Result } from "../../kernel/result.ts";
import type { Files } from "../ports.ts";
import { ConfigFault } from "./config-file.ts";
import type { Workspace } from "./package.ts";
import { findLockfile, findRoot, managerOf, readPackages } from "./packages.ts";
import { scriptRules } from "./scripts.ts";
import { readTurboRules } from "./turbo.ts";

/** `from`: an absolute folder in the workspace. Fails with `invalid_config`, which names file, line and key. */
export function readWorkspace(files: Files, from: string): Result<Workspace> {
  try {
    const root = findRoot(files, from);
    if (root === undefined) {
      return fail({
        code: "invalid_config",
        message: `There is no package.json in ${from} or above.`,
        hint: "Go to a workspace, or name it with --project.",
      });
    }
    const { manifest, packages } = readPackages(files, root);
    const lockfile = findLockfile(files, root, manifest);
    const lockText = lockfile === "yarn.lock" ? files.readText(`${root}/yarn.lock`) : undefined;
    return ok({
      root,
      manager: managerOf(manifest, { lockfile, lockText }),
      packages,
      rules: readTurboRules(files, root, packages) ?? scriptRules(packages),
      isMonorepo: packages.size > 1,
      lockfile,
    });
  } catch (error) {
    if (!(error instanceof ConfigFault)) throw error;
    return fail({ code: "invalid_config", message: error.message });
  }
}
