// Debian's redis-server for the peers that work with it: every write synced (`appendfsync always`), in a process of its own.
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { ended } from "../processes.ts";
import { MissingPeer } from "./missing-peer.ts";

const folder = join(import.meta.dir, "../.peers/redis");

/** Starts it, and ends it when `use` has ended. */
export async function withRedis<T>(data: string, use: (port: number) => Promise<T>): Promise<T> {
  const { program, libraries } = redisServer();
  const port = await freePort();
  const args = ["--port", String(port), "--dir", data, "--appendonly", "yes", "--appendfsync", "always", "--save", ""];
  const child: ChildProcess = spawn(program, args, {
    stdio: "ignore",
    env: { ...process.env, LD_LIBRARY_PATH: libraries },
  });
  try {
    return await use(port);
  } finally {
    child.kill("SIGKILL");
    await ended(child);
  }
}

/** Debian's, installed or unpacked beside the other peers. */
function redisServer(): { readonly program: string; readonly libraries: string } {
  const installed = Bun.which("redis-server");
  if (installed !== null) return { program: installed, libraries: "" };
  const program = join(folder, "usr/bin/redis-server");
  if (!existsSync(program)) {
    mkdirSync(folder, { recursive: true });
    const wanted = ["redis-server", "redis-tools", "liblzf1", "libjemalloc2", "liblua5.1-0", "libatomic1"];
    const fetched = spawnSync("apt-get", ["download", ...wanted], { cwd: folder, encoding: "utf8" });
    for (const deb of readdirSync(folder).filter((name) => name.endsWith(".deb")))
      spawnSync("dpkg-deb", ["-x", join(folder, deb), folder]);
    if (!existsSync(program))
      throw new MissingPeer(
        `redis-server could not be fetched: ${fetched.stderr.trim()}`,
        "apt-get install redis-server",
      );
  }
  const libraries = readdirSync(join(folder, "usr/lib")).map((name) => join(folder, "usr/lib", name));
  return { program, libraries: libraries.join(":") };
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer();
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}
