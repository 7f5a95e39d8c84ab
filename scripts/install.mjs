// Installs what package-lock.json asks for and node_modules lacks, then hands over to Bun. Plain Node: it is the
// first thing that runs on a fresh machine, and uses nothing that it has yet to install.

import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { becomeBun, findBun } from "../packages/cli/bin/bun.mjs";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");

/** Whether node_modules holds every package of the lock file at its version (optional ones depend on the platform). */
function isInstalled() {
  const installedPath = join(root, "node_modules", ".package-lock.json");
  if (!existsSync(installedPath)) return false;
  const wanted = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")).packages;
  const installed = JSON.parse(readFileSync(installedPath, "utf8")).packages;
  return Object.entries(wanted).every(([path, entry]) => {
    if (path === "" || (entry.optional && installed[path] === undefined)) return true;
    return installed[path]?.version === entry.version && installed[path]?.link === entry.link;
  });
}

/** Runs `npm ci` if something is missing; exits with npm's code if that fails. */
function installMissing() {
  if (isInstalled() && findBun(import.meta.url) !== undefined) return;
  console.log("Installing packages (npm ci) …");
  const npm = spawnSync("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"], {
    cwd: root,
    stdio: ["ignore", "ignore", "inherit"],
    shell: process.platform === "win32",
  });
  if (npm.status !== 0) {
    console.error(`npm ci failed${npm.error ? `: ${npm.error.message}` : ""}; the lines above say why`);
    process.exit(npm.status ?? 1);
  }
}

/** Builds the console if its sources have changed; exits with the builder's code if that fails. */
function buildConsole(bun) {
  const built = spawnSync(bun, ["packages/web/build.ts", "--if-stale"], { stdio: ["ignore", "inherit", "inherit"] });
  if (built.status === 0) return;
  console.error("the console could not be built; the lines above say why");
  process.exit(built.status ?? 1);
}

/**
 * Installs what is missing and becomes `bun ...args`, run in the project's root. `console`: with the console built.
 * Does not return.
 */
export function runBun(args, { console: withConsole = false } = {}) {
  installMissing();
  const bun = findBun(import.meta.url);
  if (bun === undefined) {
    console.error("The npm package `bun` was installed without a binary for this platform");
    process.exit(1);
  }
  process.chdir(root);
  if (withConsole) buildConsole(bun);
  becomeBun(bun, args);
}
