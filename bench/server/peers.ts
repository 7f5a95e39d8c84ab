// The peers of the server suite: Hono on a pinned Node with its built-in SQLite, so that nothing has to be compiled.

import { join } from "node:path";
import { PeerFolder } from "../peer-folder.ts";

/** The package that holds the Node binary of this platform. */
const node = `node-${process.platform === "win32" ? "win" : process.platform}-${process.arch}`;

const manifest = {
  private: true,
  description: "The peers that the benchmark of the server compares with",
  dependencies: { hono: "4.13.19", "@hono/node-server": "2.1.8", [node]: "26.10.0" },
};

/** Versions by package, as pinned. */
export const peerVersions: Readonly<Record<string, string>> = manifest.dependencies;

export const peers = new PeerFolder({ folder: join(import.meta.dir, "../.peers/server"), manifest });

/** The Node that the peer runs on. */
export const nodeBinary = (): string => peers.file(node, "bin", "node");
