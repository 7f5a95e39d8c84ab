// Two sites for tests of recovery: a PostgreSQL server at each, of which one follows the other, behind a real HAProxy. Debian's programs;
// without them there is a reason and the command that brings them.
import { spawn, spawnSync } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import {
  appendFileSync,
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { delimiter, join } from "node:path";
import { tmpdir } from "node:os";

const cache = join(import.meta.dir, "../../../../../node_modules/.cache/debian-recovery");
const packages = ["haproxy", "liblua5.3-0", "libopentracing-c-wrapper0", "libopentracing1", "restic"];
const startMsMax = 60_000;

/** Where Debian has the programs of its newest PostgreSQL. */
function postgresFolder(): string | undefined {
  const root = "/usr/lib/postgresql";
  const versions = existsSync(root) ? readdirSync(root).toSorted((a, b) => Number(b) - Number(a)) : [];
  return versions.map((version) => join(root, version, "bin")).find((folder) => existsSync(join(folder, "initdb")));
}

/** Undefined where everything is there. */
export function whyNoSites(): string | undefined {
  if (postgresFolder() === undefined || Bun.which("pg_basebackup") === null)
    return "no PostgreSQL: apt-get install postgresql";
  if (existsSync(join(cache, "ready"))) return undefined;
  rmSync(cache, { recursive: true, force: true });
  mkdirSync(join(cache, "root"), { recursive: true });
  const command = `cd ${cache} && apt-get download ${packages.join(" ")}`;
  const got = spawnSync("apt-get", ["-q", "download", ...packages], { cwd: cache, encoding: "utf8" });
  if (got.status !== 0) return `${got.error?.message ?? got.stderr}\n${command}`;
  for (const file of readdirSync(cache).filter((each) => each.endsWith(".deb"))) {
    const unpacked = spawnSync("dpkg", ["-x", file, join(cache, "root")], { cwd: cache, encoding: "utf8" });
    if (unpacked.status !== 0) return `${unpacked.error?.message ?? unpacked.stderr}\n${command}`;
  }
  mkdirSync(join(cache, "ready"));
  return undefined;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === "object" && address !== null ? address.port : 0;
}

/** Whom PostgreSQL runs as where the tests run as root. */
function account(): { readonly uid: number; readonly gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const id = (flag: string): number => Number(spawnSync("id", [flag, "postgres"], { encoding: "utf8" }).stdout.trim());
  return { uid: id("-u"), gid: id("-g") };
}

const poll = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

export async function waitFor(
  what: string,
  look: () => boolean | Promise<boolean>,
  longestMs = startMsMax,
): Promise<void> {
  for (const until = Date.now() + longestMs; ; await poll(50)) {
    if (await look()) return;
    if (Date.now() > until) throw new Error(`${what} did not come about within ${longestMs} ms`);
  }
}

export class PgServer {
  readonly name: string;
  readonly port: number;
  readonly data: string;
  readonly #bin = postgresFolder() ?? "";
  #child: ChildProcess | undefined;

  constructor(name: string, port: number, folder: string) {
    this.name = name;
    this.port = port;
    this.data = join(folder, name);
  }

  /** As the superuser, straight to it. */
  get url(): string {
    return `postgres://admin@127.0.0.1:${this.port}/postgres`;
  }

  run(command: string, args: readonly string[]): void {
    const done = spawnSync(command, args, { encoding: "utf8", ...account() });
    if (done.status !== 0) throw new Error(`${command} ${args.join(" ")}: ${done.stderr}`);
  }

  initialise(): void {
    this.run(join(this.#bin, "initdb"), ["-D", this.data, "-U", "admin", "--auth=trust", "--no-sync"]);
    appendFileSync(
      join(this.data, "postgresql.conf"),
      `wal_level=replica\nmax_wal_senders=5\nwal_keep_size=64MB\nhot_standby=on\nshared_buffers=16MB\nwal_receiver_status_interval=1\nunix_socket_directories=''\nlisten_addresses='127.0.0.1'\n`,
    );
    appendFileSync(join(this.data, "pg_hba.conf"), "host replication all 127.0.0.1/32 trust\n");
  }

  /** Makes it a standby of another one, with that one's data. */
  follow(primary: PgServer): void {
    rmSync(this.data, { recursive: true, force: true });
    const from = `host=127.0.0.1 port=${primary.port} user=admin application_name=${this.name}`;
    this.run("pg_basebackup", ["-D", this.data, "-R", "-X", "stream", "--checkpoint=fast", "--no-sync", "-d", from]);
    // What the other one was told for itself is not for this one.
    const kept = ["primary_conninfo", "sluice.fence"];
    const auto = join(this.data, "postgresql.auto.conf");
    const lines = spawnSync("cat", [auto], { encoding: "utf8" }).stdout.split("\n");
    writeFileSync(auto, `${lines.filter((line) => kept.some((name) => line.startsWith(name))).join("\n")}\n`);
  }

  async start(): Promise<void> {
    const child = spawn(join(this.#bin, "postgres"), ["-D", this.data, "-p", String(this.port)], {
      stdio: ["ignore", "ignore", "pipe"],
      ...account(),
    });
    this.#child = child;
    let said = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => (said = (said + text).slice(-4_000)));
    await waitFor(`${this.name}: ${said}`, async () => {
      if (child.exitCode !== null) throw new Error(`${this.name} ended: ${said}`);
      return this.query("SELECT 1").then(
        () => true,
        () => false,
      );
    });
  }

  async query(statement: string): Promise<readonly Readonly<Record<string, unknown>>[]> {
    const sql = new Bun.SQL({ url: this.url, max: 1, connectionTimeout: 5, prepare: false });
    try {
      return (await sql.unsafe(statement)) as readonly Readonly<Record<string, unknown>>[];
    } finally {
      await sql.close({ timeout: 0 }).catch(() => undefined);
    }
  }

  /** As a site that loses its power: the server and everything it has started. */
  async kill(): Promise<void> {
    const child = this.#child;
    if (child?.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((resolve) => child.once("exit", resolve));
    const children = spawnSync("pgrep", ["-P", String(child.pid)], { encoding: "utf8" }).stdout.split("\n");
    process.kill(child.pid, "SIGKILL");
    for (const pid of children.filter((each) => each !== "")) {
      try {
        process.kill(Number(pid), "SIGKILL");
      } catch {
        // It has gone with its parent.
      }
    }
    await gone;
    rmSync(join(this.data, "postmaster.pid"), { force: true });
  }
}

/** A primary `a`, its standby `b`, and a proxy that leads clients to `a`. */
export class Sites {
  readonly folder = mkdtempSync(join(tmpdir(), "sluice-sites-"));
  a!: PgServer;
  b!: PgServer;
  readonly #children: ChildProcess[] = [];
  epochs!: PgServer;
  epochsCopy!: PgServer;
  proxyPort = 0;
  adminPort = 0;

  static async start(): Promise<Sites> {
    const sites = new Sites();
    const owner = account();
    if (owner !== undefined) {
      chownSync(sites.folder, owner.uid, owner.gid);
      // That user has to get there.
      if ((statSync(tmpdir()).mode & 0o011) !== 0o011) chmodSync(tmpdir(), 0o711);
    }
    sites.a = new PgServer("a", await freePort(), sites.folder);
    sites.b = new PgServer("b", await freePort(), sites.folder);
    try {
      sites.a.initialise();
      await sites.a.start();
      await sites.a.query("CREATE ROLE app LOGIN");
      sites.b.follow(sites.a);
      await sites.b.start();
      sites.epochs = new PgServer("epochs", await freePort(), sites.folder);
      sites.epochsCopy = new PgServer("epochscopy", await freePort(), sites.folder);
      sites.epochs.initialise();
      await sites.epochs.start();
      sites.epochsCopy.follow(sites.epochs);
      await sites.epochsCopy.start();
      await sites.#proxy();
      return sites;
    } catch (error) {
      await sites[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** As an ordinary user, through the proxy. */
  get clientUrl(): string {
    return `postgres://app@127.0.0.1:${this.proxyPort}/postgres`;
  }

  /** Whether the epoch store waits for its copy. */
  async synchronousEpochs(on: boolean): Promise<void> {
    await this.epochs.query(`ALTER SYSTEM SET synchronous_standby_names = '${on ? "epochscopy" : ""}'`);
    await this.epochs.query("SELECT pg_reload_conf()");
    const sql = "SELECT count(*) AS count FROM pg_stat_replication WHERE sync_state = 'sync'";
    await waitFor(
      "the copy of the epochs",
      async () => Number((await this.epochs.query(sql))[0]?.["count"]) > 0 === on,
    );
  }

  /** The file of a failover plan over these sites. */
  plan(more: object = {}): object {
    return {
      name: "shop",
      sites: [
        { name: "a", domain: "berlin" },
        { name: "b", domain: "paris" },
      ],
      engine: { domain: "office" },
      epochs: { kind: "postgres", url: this.epochs.url, domains: ["office"] },
      confirm: { agree: 1, dwellMs: 200 },
      data: [{ name: "db", kind: "postgres", urls: { a: this.a.url, b: this.b.url } }],
      traffic: [
        {
          name: "edge",
          kind: "haproxy",
          addresses: [`127.0.0.1:${this.adminPort}`],
          backend: "db",
          servers: { a: ["a"], b: ["b"] },
        },
      ],
      approval: "none",
      drill: { url: this.clientUrl },
      ...more,
    };
  }

  async #proxy(): Promise<void> {
    this.proxyPort = await freePort();
    this.adminPort = await freePort();
    const file = join(this.folder, "haproxy.cfg");
    writeFileSync(
      file,
      `global
  stats socket ipv4@127.0.0.1:${this.adminPort} level admin
defaults
  mode tcp
  timeout connect 2s
  timeout client 60s
  timeout server 60s
frontend f
  bind 127.0.0.1:${this.proxyPort}
  default_backend db
backend db
  server a 127.0.0.1:${this.a.port}
  server b 127.0.0.1:${this.b.port} disabled
`,
    );
    const root = join(cache, "root");
    const libraries = ["usr/lib/x86_64-linux-gnu", "usr/lib/aarch64-linux-gnu"]
      .map((path) => join(root, path))
      .join(delimiter);
    const child = spawn(join(root, "usr/sbin/haproxy"), ["-db", "-f", file], {
      env: { ...process.env, LD_LIBRARY_PATH: libraries },
      stdio: ["ignore", "ignore", "pipe"],
    });
    this.#children.push(child);
    let said = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => (said += text));
    await waitFor("the proxy", async () => {
      if (child.exitCode !== null) throw new Error(said);
      return Bun.connect({ hostname: "127.0.0.1", port: this.adminPort, socket: { data() {} } }).then(
        (socket) => (socket.end(), true),
        () => false,
      );
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const child of this.#children) child.kill("SIGKILL");
    await this.a.kill();
    await this.b.kill();
    await this.epochs?.kill();
    await this.epochsCopy?.kill();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
