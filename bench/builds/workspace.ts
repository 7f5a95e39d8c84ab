// Generated workspaces for the benchmark of builds: layers of packages, each of which depends on three of the layer before.
import { mkdirSync, symlinkSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export interface Shape {
  readonly packages: number;
  readonly layers: number;
  readonly filesPerPackage: number;
  /** Names of tasks besides `build`. */
  readonly more: readonly string[];
}

const dependenciesMax = 3;
const linesPerFile = 20;

const nameOf = (at: number): string => `p${String(at).padStart(4, "0")}`;
const fileOf = (at: number): string => `f${String(at).padStart(2, "0")}.ts`;
const sourceOf = (at: number, file: number): string =>
  `${Array.from({ length: linesPerFile }, (_, line) => `export const v${file}_${line} = ${at * file + line};`).join("\n")}\n`;

/** What a package's build leaves. */
export function builtText({ filesPerPackage }: Shape, at: number): string {
  return Array.from({ length: filesPerPackage }, (_, file) => sourceOf(at, file)).join("");
}

export const outputOf = (root: string, at: number): string => join(root, "packages", nameOf(at), "dist/out.js");

function dependenciesOf({ packages, layers }: Shape, at: number): readonly number[] {
  const width = Math.ceil(packages / layers);
  const layer = Math.floor(at / width);
  if (layer === 0) return [];
  const found = Array.from({ length: dependenciesMax }, (_, each) => (layer - 1) * width + ((at + each * 7) % width));
  return [...new Set(found)];
}

const buildScript = "mkdir -p dist && cat src/*.ts > dist/out.js";

function packageAt(shape: Shape, at: number): object {
  return {
    name: nameOf(at),
    version: "1.0.0",
    private: true,
    main: "dist/out.js",
    scripts: { build: buildScript, ...Object.fromEntries(shape.more.map((task) => [task, "true"])) },
    dependencies: Object.fromEntries(dependenciesOf(shape, at).map((other) => [nameOf(other), "1.0.0"])),
  };
}

function lockOf(shape: Shape): object {
  const packages: Record<string, object> = { "": { name: "bench", workspaces: ["packages/*"] } };
  for (let at = 0; at < shape.packages; at++) {
    packages[`packages/${nameOf(at)}`] = { name: nameOf(at), version: "1.0.0" };
    packages[`node_modules/${nameOf(at)}`] = { resolved: `packages/${nameOf(at)}`, link: true };
  }
  return { name: "bench", lockfileVersion: 3, requires: true, packages };
}

function configs({ more }: Shape): Readonly<Record<string, string>> {
  const build = { dependsOn: ["^build"], outputs: ["dist/**"] };
  const turbo = { tasks: { build, ...Object.fromEntries(more.map((task) => [task, { dependsOn: ["build"] }])) } };
  const nx = {
    targetDefaults: {
      build: { dependsOn: ["^build"], outputs: ["{projectRoot}/dist"], cache: true },
      ...Object.fromEntries(more.map((task) => [task, { dependsOn: ["build"], outputs: [], cache: true }])),
    },
  };
  const tasks = more.map((task) => `  ${task}:\n    command: "true"\n    deps: ["build"]\n`).join("");
  const pipeline = { build: ["^build"], ...Object.fromEntries(more.map((task) => [task, ["build"]])) };
  return {
    "turbo.json": JSON.stringify(turbo),
    "nx.json": JSON.stringify(nx),
    "lage.config.js": `module.exports = { pipeline: ${JSON.stringify(pipeline)}, cacheOptions: { outputGlob: ["dist/**"] } };\n`,
    ".moon/workspace.yml": "projects: ['packages/*']\nvcs: { defaultBranch: main }\ntelemetry: false\n",
    ".moon/tasks/all.yml": `tasks:\n  build:\n    script: "${buildScript}"\n    outputs: [dist]\n    deps: ["^:build"]\n${tasks}`,
  };
}

/** The configuration of one tool alone, so that none reads another's. */
const configsOf: Readonly<Record<string, readonly string[]>> = {
  sluice: ["turbo.json"],
  turbo: ["turbo.json"],
  nx: ["nx.json"],
  lage: ["lage.config.js"],
  moon: [".moon/workspace.yml", ".moon/tasks/all.yml"],
};

/** `modules`: what is installed beside the packages. */
export function writeWorkspace(
  root: string,
  tool: string,
  p: { readonly shape: Shape; readonly modules: string },
): void {
  const { shape, modules } = p;
  const write = (path: string, text: string): void => {
    mkdirSync(join(root, path, ".."), { recursive: true });
    writeFileSync(join(root, path), text);
  };
  const manifest = { name: "bench", private: true, workspaces: ["packages/*"], packageManager: "npm@10.8.2" };
  write("package.json", JSON.stringify(manifest));
  write("package-lock.json", JSON.stringify(lockOf(shape)));
  write(".gitignore", "node_modules\ndist\n.sluice\n.turbo\n.nx\n.moon/cache\n");
  const all = configs(shape);
  for (const path of configsOf[tool] ?? []) write(path, all[path] ?? "");
  for (let at = 0; at < shape.packages; at++) {
    const folder = `packages/${nameOf(at)}`;
    write(`${folder}/package.json`, JSON.stringify(packageAt(shape, at)));
    if (tool === "moon")
      write(`${folder}/moon.yml`, `dependsOn: ${JSON.stringify(dependenciesOf(shape, at).map(nameOf))}\n`);
    for (let file = 0; file < shape.filesPerPackage; file++) write(`${folder}/src/${fileOf(file)}`, sourceOf(at, file));
  }
  mkdirSync(join(root, "node_modules"));
  for (const name of readdirSync(modules))
    if (!name.startsWith(".")) symlinkSync(join(modules, name), join(root, "node_modules", name));
  symlinkSync(join(modules, ".bin"), join(root, "node_modules/.bin"));
  for (let at = 0; at < shape.packages; at++)
    symlinkSync(join("../packages", nameOf(at)), join(root, "node_modules", nameOf(at)));
  for (const args of [
    ["init", "-q", "-b", "main"],
    ["add", "."],
    ["-c", "user.name=b", "-c", "user.email=b@example.com", "commit", "-qm", "all"],
  ]) {
    const { exitCode, stderr } = Bun.spawnSync(["git", "-c", "commit.gpgsign=false", ...args], { cwd: root });
    if (exitCode !== 0) throw new Error(`git ${args.join(" ")}: ${stderr.toString()}`);
  }
}
