// What a project is: a folder whose `workflows/**` files export workflows.
import { readdirSync, realpathSync, statSync } from "node:fs";
import { join, relative } from "node:path";

const workflowsFolder = "workflows";
export const configFile = "sluice.config.ts";

const sourceFile = /\.(?:ts|mts|tsx|js|mjs|jsx)$/;
const notWorkflows = /\.d\.m?ts$|\.(?:test|spec)\.[a-z]+$/;

/** The folders under `workflows`, itself first, each once however it is linked. */
export function workflowFolders(project: string): readonly string[] {
  const found: string[] = [];
  const seen = new Set<string>();
  const visit = (folder: string): void => {
    const real = tryTo(() => realpathSync(folder));
    if (real === undefined || seen.has(real)) return;
    seen.add(real);
    found.push(folder);
    for (const name of tryTo(() => readdirSync(folder)) ?? []) {
      if (name === "node_modules" || name.startsWith(".")) continue;
      const path = join(folder, name);
      if (tryTo(() => statSync(path).isDirectory()) === true) visit(path);
    }
  };
  visit(join(project, workflowsFolder));
  return found;
}

/** The files that may export workflows, relative to the project, in a fixed order. Tests and declarations are none. */
export function workflowFiles(project: string): readonly string[] {
  const files: string[] = [];
  for (const folder of workflowFolders(project)) {
    for (const name of readdirSync(folder)) {
      if (!sourceFile.test(name) || notWorkflows.test(name) || name.startsWith(".")) continue;
      const path = join(folder, name);
      if (tryTo(() => statSync(path).isFile()) === true) files.push(relative(project, path).replaceAll("\\", "/"));
    }
  }
  return files.toSorted();
}

/** Undefined for what has gone away in the meantime, such as a link without its target. */
function tryTo<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
