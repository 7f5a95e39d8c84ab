// The peer: BullMQ's worker and queue on Debian's redis-server, which syncs every write (`appendfsync always`), in processes of their own.
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { PeerFolder } from "../peer-folder.ts";
import { ended } from "../processes.ts";

const peers = join(import.meta.dir, "../.peers/bullmq");
const folder = new PeerFolder({
  folder: peers,
  manifest: { private: true, type: "module", dependencies: { bullmq: "5.61.0" } },
});

interface Measured {
  readonly tripMs: number;
  readonly perSecond: number;
}

export async function bullmq(
  data: string,
  p: { readonly warmup: number; readonly trips: number; readonly tasks: number },
): Promise<Measured> {
  folder.install((line) => process.stderr.write(`${line}\n`));
  const { program, libraries } = redisServer();
  const port = await freePort();
  const args = ["--port", String(port), "--dir", data, "--appendonly", "yes", "--appendfsync", "always", "--save", ""];
  const children: ChildProcess[] = [
    spawn(program, args, { stdio: "ignore", env: { ...process.env, LD_LIBRARY_PATH: libraries } }),
  ];
  try {
    const script = join(import.meta.dir, "bullmq-process.mjs");
    const env = { ...process.env, BULLMQ: folder.entry("bullmq"), REDIS_PORT: String(port) };
    for (let worker = 0; worker < 4; worker++)
      children.push(spawn(process.execPath, [script, "worker"], { stdio: "ignore", env }));
    const load = spawn(process.execPath, [script, "load", JSON.stringify(p)], {
      stdio: ["ignore", "pipe", "inherit"],
      env,
    });
    children.push(load);
    let text = "";
    load.stdout?.setEncoding("utf8").on("data", (more: string) => (text += more));
    await ended(load);
    return JSON.parse(text) as Measured;
  } finally {
    for (const child of children) child.kill("SIGKILL");
    await Promise.all(children.map((child) => ended(child)));
  }
}

/** Debian's, installed or unpacked beside the other peers. */
function redisServer(): { readonly program: string; readonly libraries: string } {
  const installed = Bun.which("redis-server");
  if (installed !== null) return { program: installed, libraries: "" };
  const unpacked = join(peers, "redis");
  const program = join(unpacked, "usr/bin/redis-server");
  if (!existsSync(program)) {
    mkdirSync(unpacked, { recursive: true });
    const wanted = ["redis-server", "redis-tools", "liblzf1", "libjemalloc2", "liblua5.1-0", "libatomic1"];
    const fetched = spawnSync("apt-get", ["download", ...wanted], { cwd: unpacked, encoding: "utf8" });
    for (const deb of readdirSync(unpacked).filter((name) => name.endsWith(".deb")))
      spawnSync("dpkg-deb", ["-x", join(unpacked, deb), unpacked]);
    if (!existsSync(program)) throw new Error(`redis-server could not be fetched: ${fetched.stderr}`);
  }
  const libraries = readdirSync(join(unpacked, "usr/lib")).map((name) => join(unpacked, "usr/lib", name));
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
