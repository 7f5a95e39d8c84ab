// The runtimes that are measured, and how each starts a program and bundles one: the ways people use with it.

import { join } from "node:path";
import { PeerFolder } from "../peer-folder.ts";
import type { ContenderName } from "./options.ts";

/** The package that holds Deno for this platform. */
const denoPackage = `@deno/linux-${process.arch}-glibc`;
/** The one with the program itself: without its wrapper, which would start Node first. */
const esbuildPackage = `@esbuild/linux-${process.arch}`;
const manifest = {
  private: true,
  description: "What the benchmark of the runtimes needs besides Bun and Node",
  dependencies: { [denoPackage]: "2.9.6", [esbuildPackage]: "0.28.2" },
};
const peers = new PeerFolder({ folder: join(import.meta.dir, "../.peers/runtime"), manifest });

export interface Contender {
  readonly name: ContenderName;
  /** What runs a JavaScript file; its path and arguments come behind. */
  readonly run: readonly string[];
  /** Bundles the file at `entry` into `out`. */
  bundle(entry: string, out: string): readonly string[];
}

/** Installs what is missing; throws with npm's own words when that fails. */
export function contenderOf(name: ContenderName, say: (line: string) => void): Contender {
  if (name === "bun")
    return {
      name,
      run: [process.execPath],
      bundle: (entry, out) => [process.execPath, "build", entry, "--target=bun", `--outfile=${out}`],
    };
  peers.install(say);
  if (name === "deno") {
    const deno = peers.file(denoPackage, "deno");
    return {
      name,
      run: [deno, "run", "--allow-all", "--quiet", "--no-config"],
      bundle: (entry, out) => [deno, "bundle", "--quiet", "--allow-import", "--output", out, entry],
    };
  }
  const esbuild = peers.file(esbuildPackage, "bin", "esbuild");
  return {
    name,
    run: ["node", "--no-warnings"],
    bundle: (entry, out) => [
      esbuild,
      entry,
      "--bundle",
      "--platform=node",
      "--format=esm",
      "--log-level=error",
      `--outfile=${out}`,
    ],
  };
}
