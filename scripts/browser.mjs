// Debian's chromium for the tests of the console: found, or installed where that is possible. Plain Node.

import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";

/** Chromium without windows: the same pages for little more than half of the processor's time. */
const SHELL = "chromium-headless-shell";
const WHOLE = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"];
export const INSTALL_COMMAND = `apt-get install -y ${SHELL}`;

/** @param {readonly string[]} names */
function find(names) {
  const given = process.env.SLUICE_CHROMIUM;
  if (given) return existsSync(given) ? given : undefined;
  const folders = (process.env.PATH ?? "").split(delimiter);
  return names.flatMap((name) => folders.map((folder) => join(folder, name))).find((path) => existsSync(path));
}

/** Path of the browser: SLUICE_CHROMIUM, or the first of the usual names on the PATH; undefined without one. */
export function findBrowser() {
  return find([SHELL, ...WHOLE]);
}

/** Path of the browser that people use, for figures: with windows if there is one. */
export function findWholeBrowser() {
  return find([...WHOLE, SHELL]);
}

/** Installs the browser as root on a machine with apt; elsewhere its tests are skipped, with the command as the reason. */
export function installBrowser() {
  if (find([SHELL]) !== undefined) return;
  const isRoot = process.getuid?.() === 0;
  if (!isRoot || spawnSync("apt-get", ["--version"], { stdio: "ignore" }).status !== 0) {
    if (findBrowser() !== undefined) return;
    console.log(`No chromium: the console's browser tests are skipped. To run them: ${INSTALL_COMMAND}`);
    return;
  }
  console.log(`Installing the browser (${INSTALL_COMMAND}) …`);
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const options = { stdio: ["ignore", "ignore", "inherit"], env };
  spawnSync("apt-get", ["-qq", "update"], options);
  const arguments_ = ["-qq", "install", "--yes", "--no-install-recommends", SHELL, "fonts-dejavu-core"];
  const done = spawnSync("apt-get", arguments_, options);
  if (done.status !== 0 && findBrowser() === undefined) {
    console.log(`chromium could not be installed: its tests are skipped (${INSTALL_COMMAND})`);
  }
}
