// Reads moon's `.moon/workspace.yml`, `.moon/tasks.yml` and `moon.yml` of each project. The formats: https://moonrepo.dev/docs/config
import type { Files } from "../ports.ts";
import { readYamlFile } from "./config-file.ts";
import type { ConfigValue } from "./config-file.ts";
import { MoonTasks } from "./moon-tasks.ts";
import { rootName } from "./package.ts";
import type { Package, TaskRules } from "./package.ts";
import { checkNames, foldersMeant, withProjects } from "./projects.ts";
import type { Project } from "./projects.ts";
import { scriptRules } from "./scripts.ts";

export interface MoonWorkspace {
  readonly packages: ReadonlyMap<string, Package>;
  readonly rules: TaskRules;
}

function moonFile(files: Files, root: string, name: string): ConfigValue | undefined {
  return (
    readYamlFile(files, `${root}/${name}`, name) ??
    readYamlFile(files, `${root}/${name.replace(/\.yml$/, ".yaml")}`, name.replace(/\.yml$/, ".yaml"))
  );
}

/** Folders of projects, with the names that the workspace gives them. */
function projectFolders(files: Files, root: string, workspace: ConfigValue): ReadonlyMap<string, string | undefined> {
  const projects = workspace.at("projects");
  const found = new Map<string, string | undefined>();
  const byPatterns = (patterns: readonly string[]): void => {
    for (const folder of foldersMeant(files, root, patterns)) if (!found.has(folder)) found.set(folder, undefined);
  };
  const byName = (named: ConfigValue): void => {
    for (const name of named.keys()) found.set((named.at(name).text() ?? "").replace(/^\.\/?/, ""), name);
  };
  if (Array.isArray(projects.value)) byPatterns(projects.texts() ?? []);
  else if (projects.at("globs").isThere || projects.at("sources").isThere) {
    byPatterns(projects.at("globs").texts() ?? []);
    byName(projects.at("sources"));
  } else byName(projects);
  return found;
}

/** `dependsOn: [id, {id, scope}]`. */
function dependsOnOf(value: ConfigValue): readonly string[] {
  if (!value.isThere) return [];
  if (!Array.isArray(value.value)) throw value.fault("is not a list.");
  return value.value.map((each, index) => {
    const at = value.at(index);
    const id = typeof each === "string" ? each : at.at("id").text();
    if (id === undefined) throw at.fault("has no id.");
    return id;
  });
}

/** Undefined where the root has no `.moon/workspace.yml`. Throws a fault. */
export function readMoonWorkspace(
  files: Files,
  root: string,
  packages: ReadonlyMap<string, Package>,
): MoonWorkspace | undefined {
  const workspace = moonFile(files, root, ".moon/workspace.yml");
  if (workspace === undefined) return undefined;
  const inherited = moonFile(files, root, ".moon/tasks.yml") ?? moonFile(files, root, ".moon/tasks/all.yml");
  const own = new Map<string, ConfigValue>();
  const found: { readonly project: Project; readonly at: ConfigValue }[] = [];
  for (const [folder, name] of projectFolders(files, root, workspace)) {
    const file = folder === "" ? "moon.yml" : `${folder}/moon.yml`;
    const value = moonFile(files, root, file);
    const project = {
      folder,
      name: folder === "" ? rootName : (value?.at("id").text() ?? name ?? folder.split("/").at(-1) ?? folder),
      dependsOn: value === undefined ? [] : dependsOnOf(value.at("dependsOn")),
      file: value?.file ?? `${folder}/package.json`,
    };
    found.push({ project, at: value?.at("id") ?? workspace.at("projects") });
    if (value !== undefined) own.set(project.name, value);
  }
  checkNames(found);
  const all = withProjects(
    packages,
    found.map(({ project }) => project),
    rootName,
  );
  const tasks = new MoonTasks({ inherited, own, packages: all });
  const plain = scriptRules(all);
  return {
    packages: all,
    rules: {
      source: "moon.yml",
      global: { files: [".moon/*.yml"], env: [], passThroughEnv: [], envMode: "loose" },
      names: tasks.names,
      // Scripts are no tasks of moon; who asks for one gets it as anywhere else.
      definitionOf: (pkg, task) =>
        tasks.of(pkg, task) ?? (tasks.names.has(task) ? undefined : plain.definitionOf(pkg, task)),
    },
  };
}
