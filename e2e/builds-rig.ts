// Workspaces on disk for builds by the shipped command.
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

const work = mkdtempSync(join(tmpdir(), "sluice-builds-e2e-"));
const folders: string[] = [];

/** After each test. */
export function removeWorkspaces(): void {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
}

/** After the last one. */
export function removeAll(): void {
  rmSync(work, { recursive: true, force: true });
}

/** A folder that is not there yet. */
export function besideWorkspaces(name: string): string {
  const folder = join(work, name);
  folders.push(folder);
  return folder;
}

type Tree = Readonly<Record<string, string | object>>;

export function write(root: string, tree: Tree): void {
  for (const [path, content] of Object.entries(tree)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), typeof content === "string" ? content : JSON.stringify(content));
  }
}

export const build = "mkdir -p dist && cat src/* > dist/out";

export function workspace(more: Tree = {}): string {
  const root = mkdtempSync(join(work, "shop-"));
  folders.push(root);
  write(root, {
    "package.json": { name: "shop", workspaces: ["packages/*"], packageManager: "npm@10.2.0" },
    "turbo.json": { tasks: { build: { dependsOn: ["^build"], outputs: ["dist/**"] }, check: {} } },
    ".gitignore": "dist\n.sluice\n",
    "packages/lib/package.json": { name: "lib", main: "dist/out", scripts: { build, check: "echo checked" } },
    "packages/lib/src/a": "a\n",
    "packages/app/package.json": {
      name: "app",
      dependencies: { lib: "*" },
      scripts: { build: `${build} && echo built app` },
    },
    "packages/app/src/b": "b\n",
    ...more,
  });
  return root;
}

export function git(root: string, ...args: readonly string[]): void {
  const done = spawnSync(
    "git",
    ["-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "init.defaultBranch=main", ...args],
    { cwd: root, encoding: "utf8" },
  );
  if (done.status !== 0) throw new Error(done.stderr);
}
