// From flags, environment and project to settings, with the bundling process that read the project's configuration.
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { SluiceError } from "@sluice/protocol";
import { Bundler } from "./bundle.ts";
import type { BundlerOptions } from "./bundle.ts";
import { settleSettings, sourcesOf } from "./config.ts";
import type { SettingSources } from "./config.ts";
import type { ServerSettings } from "./config-settings.ts";
import { configFile } from "./project.ts";
import { describeProblem } from "./project-deploy.ts";

export interface LoadedSettings {
  readonly settings: ServerSettings;
  /** Where those come from that were set. */
  readonly sources: ReturnType<typeof sourcesOf>;
  readonly bundler: Bundler;
}

/** Reads the settings. Throws `invalid_config`, and has then ended the bundling process. */
export async function loadSettings(
  sources: Omit<SettingSources, "file">,
  bundling: Omit<BundlerOptions, "project">,
): Promise<LoadedSettings> {
  const { project } = sources;
  if (!existsSync(project) || !statSync(project).isDirectory()) {
    throw new SluiceError({
      code: "invalid_config",
      message: `There is no folder ${project}.`,
      hint: "Name the project with --project, or make one with `sluice init DIR`.",
    });
  }
  const bundler = new Bundler({ ...bundling, project });
  try {
    const file = existsSync(join(project, configFile)) ? await readConfig(bundler) : {};
    const all = { ...sources, file };
    return { settings: settleSettings(all), sources: sourcesOf(all), bundler };
  } catch (error) {
    await bundler.stop();
    throw error;
  }
}

async function readConfig(bundler: Bundler): Promise<unknown> {
  const result = await bundler.config();
  if (result.ok) return result.settings;
  throw new SluiceError({ code: "invalid_config", message: result.problems.map(describeProblem).join("\n") });
}
