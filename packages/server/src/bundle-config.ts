// Executes sluice.config.ts, here in the bundling process, and returns the plain settings it exports.
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import type { ConfigResult, InstalledModules, SourceProblem } from "./bundle-messages.ts";
import { configFile } from "./project.ts";

const registered = new Set<string>();

/** The default export of sluice.config.ts, or the one named `config`; no settings where there is no such file. */
export async function loadConfig(project: string, modules: InstalledModules): Promise<ConfigResult> {
  const file = join(project, configFile);
  if (!existsSync(file)) return { ok: true, file: undefined, settings: {} };
  registerModules(modules);
  try {
    // Another name for each version of the file: a module is executed once.
    const exports = (await import(`${file}?${statSync(file).mtimeMs}`)) as Readonly<Record<string, unknown>>;
    const settings = exports["default"] ?? exports["config"];
    if (typeof settings !== "object" || settings === null) {
      return {
        ok: false,
        problems: [{ message: "It has no default export (and none named `config`) with settings.", file: configFile }],
      };
    }
    return { ok: true, file: configFile, settings: JSON.parse(JSON.stringify(settings)) };
  } catch (error) {
    return { ok: false, problems: [problemOf(error, file)] };
  }
}

function registerModules(modules: InstalledModules): void {
  const added = Object.entries(modules).filter(([name]) => !registered.has(name));
  if (added.length === 0) return;
  Bun.plugin({
    name: "sluice",
    setup(build) {
      for (const [name, url] of added) {
        registered.add(name);
        build.module(name, async () => ({ exports: { ...((await import(url)) as object) }, loader: "object" }));
      }
    },
  });
}

function problemOf(thrown: unknown, file: string): SourceProblem {
  // Several syntax errors come as one error that holds them.
  const [first] = thrown instanceof AggregateError ? (thrown.errors as unknown[]) : [];
  const error = first ?? thrown;
  if (error instanceof BuildMessage || error instanceof ResolveMessage) {
    const { message, position } = error;
    return { message, file: configFile, line: position?.line, column: position?.column };
  }
  const stack = error instanceof Error ? (error.stack ?? "") : "";
  const at = stack.split(file)[1];
  const [, line, column] = /^[^:]*:(\d+):(\d+)/.exec(at ?? "") ?? [];
  const message = error instanceof Error ? error.message : String(error);
  return { message, file: configFile, ...(line === undefined ? {} : { line: Number(line), column: Number(column) }) };
}
