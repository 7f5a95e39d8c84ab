// Reads a workspace: its root, its packages, and the rules of their tasks.
import { fail, ok } from "../../kernel/result.ts";
import type { Result } from "../../kernel/result.ts";
import type { Files } from "../ports.ts";
import { ConfigFault, ConfigValue } from "./config-file.ts";
import { readMoonWorkspace } from "./moon.ts";
import { readNxWorkspace } from "./nx.ts";
import { lineInProgram, ownRules } from "./own-settings.ts";
import type { OwnSettings } from "./own-settings.ts";
import type { Package, TaskRules, Workspace } from "./package.ts";
import { findLockfile, findRoot, managerOf, readPackages } from "./packages.ts";
import { scriptRules } from "./scripts.ts";
import { readTurboRules } from "./turbo.ts";
import { readWireitRules } from "./wireit.ts";

/** Whoever describes tasks: the first of these that is there. */
function described(
  files: Files,
  root: string,
  packages: ReadonlyMap<string, Package>,
): { readonly packages: ReadonlyMap<string, Package>; readonly rules: TaskRules } {
  const turbo = readTurboRules(files, root, packages);
  if (turbo !== undefined) return { packages, rules: turbo };
  return (
    readNxWorkspace(files, root, packages) ??
    readMoonWorkspace(files, root, packages) ?? {
      packages,
      rules: readWireitRules(files, root, packages) ?? scriptRules(packages),
    }
  );
}

/** The root of the workspace that a folder belongs to. Fails with `invalid_config`. */
export function rootOf(files: Files, from: string): Result<string> {
  return caught(() => {
    const root = findRoot(files, from);
    return root === undefined
      ? fail({
          code: "invalid_config",
          message: `There is no package.json in ${from} or above.`,
          hint: "Go to a workspace, or name it with --project.",
        })
      : ok(root);
  });
}

function caught<T>(read: () => Result<T>): Result<T> {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof ConfigFault)) throw error;
    return fail({ code: "invalid_config", message: error.message });
  }
}

/** `from`: an absolute folder in the workspace. Fails with `invalid_config`, which names file, line and key. */
export function readWorkspace(files: Files, from: string, own?: OwnSettings): Result<Workspace> {
  const found = rootOf(files, from);
  if (!found.ok) return found;
  const root = found.value;
  return caught(() => {
    const { manifest, packages: all } = readPackages(files, root);
    const lockfile = findLockfile(files, root, manifest);
    const lockText = lockfile === "yarn.lock" ? files.readText(`${root}/yarn.lock`) : undefined;
    const { packages, rules } = described(files, root, all);
    return ok({
      root,
      manager: managerOf(manifest, { lockfile, lockText }),
      packages,
      rules: own === undefined ? rules : withOwn(own, rules, packages.size > 1),
      isMonorepo: packages.size > 1,
      lockfile,
    });
  });
}

function withOwn({ file, text, value }: OwnSettings, rules: TaskRules, isMonorepo: boolean): TaskRules {
  const whole = new ConfigValue({ file, text, value, lineOf: (keys) => lineInProgram(text, keys) });
  return ownRules(whole.at("builds"), rules, isMonorepo);
}
