// What sluice.config.ts says of builds, and what commands say that results depend on.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fail, ok } from "@sluice/core";
import type { Result } from "@sluice/core";
import type { OwnSettings } from "@sluice/core/builds";
import { configFile } from "../project.ts";

/** Undefined where there is no such file, or nothing about builds in it. The file is a program: it is executed. */
export async function ownSettings(root: string): Promise<Result<OwnSettings | undefined>> {
  const file = join(root, configFile);
  if (!existsSync(file)) return ok(undefined);
  const text = readFileSync(file, "utf8");
  if (!text.includes("builds")) return ok(undefined);
  const { loadConfig } = await import("../bundle-config.ts");
  const loaded = await loadConfig(root, {});
  if (loaded.ok) {
    const value = loaded.settings as object;
    return ok(Object.hasOwn(value, "builds") ? { file: configFile, text, value } : undefined);
  }
  const [problem] = loaded.problems;
  const at = problem?.line === undefined ? configFile : `${configFile}:${problem.line}`;
  return fail({ code: "invalid_config", message: `${at}: ${problem?.message ?? "cannot be read."}` });
}

/** What a command writes; how it ended belongs to that. */
export function sayIn(env: Readonly<Record<string, string | undefined>>): (folder: string, command: string) => string {
  return (folder, command) => {
    const { exitCode, stdout } = Bun.spawnSync(["sh", "-c", command], {
      cwd: folder,
      env: { ...env },
      stderr: "ignore",
    });
    return `${exitCode} ${stdout.toString()}`;
  };
}
