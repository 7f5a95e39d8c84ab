// Peers: pinned versions, installed with npm into a folder of the benchmark's own.

import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const INSTALL_MS_MAX = 300_000;

/** A folder that packages are installed into, and what its package.json says. */
export class PeerFolder {
  readonly #folder: string;
  readonly #text: string;

  constructor(options: { readonly folder: string; readonly manifest: object }) {
    this.#folder = options.folder;
    this.#text = `${JSON.stringify(options.manifest, null, 2)}\n`;
  }

  /** Installs what is pinned and missing; throws with npm's own words when that fails. */
  install(say: (line: string) => void): void {
    const installed = join(this.#folder, "installed");
    if (existsSync(installed) && readFileSync(installed, "utf8") === this.#text) return;
    mkdirSync(this.#folder, { recursive: true });
    writeFileSync(join(this.#folder, "package.json"), this.#text);
    say("Installing the peers with npm …");
    const env = Object.fromEntries(
      Object.entries(process.env).filter(([name]) => !/^npm_(?!config_registry$)/.test(name)),
    );
    const npm = spawnSync("npm", ["install", "--no-audit", "--no-fund", "--loglevel=error"], {
      cwd: this.#folder,
      env: { ...env, SCARF_ANALYTICS: "false" },
      encoding: "utf8",
      timeout: INSTALL_MS_MAX,
    });
    if (npm.status !== 0) {
      const reason = npm.error?.message ?? `${npm.stdout}${npm.stderr}`.trim();
      throw new Error(`The peers could not be installed: ${reason}`);
    }
    writeFileSync(installed, this.#text);
  }

  /** The entry of an installed package, as an absolute path. */
  entry(specifier: string): string {
    return Bun.resolveSync(specifier, this.#folder);
  }

  /** A file inside an installed package. */
  file(...path: string[]): string {
    return join(this.#folder, "node_modules", ...path);
  }
}
