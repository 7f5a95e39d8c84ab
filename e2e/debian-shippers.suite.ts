// Programs as Debian packages them, unpacked by the tests into a folder of their own: nothing is installed or started by the system.
import { spawn, spawnSync } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { delimiter, join } from "node:path";

const shippers = [
  "rsyslog",
  "rsyslog-elasticsearch",
  "libestr0",
  "libfastjson4",
  "liblognorm5",
  "syslog-ng-core",
  "libivykis0",
  "libnet1",
  "libpcre3",
  "libwrap0",
  "systemd-journal-remote",
  "libmicrohttpd12",
];
/** The one that is checked against, for figures. */
const prometheus = ["prometheus"];
const cache = join(import.meta.dir, "../node_modules/.cache");
const root = join(cache, "debian-shippers/root");
const libraries = [
  "usr/lib/x86_64-linux-gnu",
  "usr/lib/aarch64-linux-gnu",
  "usr/lib/syslog-ng",
  "lib/x86_64-linux-gnu",
  "lib/aarch64-linux-gnu",
].map((path) => join(root, path));

/** Undefined when they are there; otherwise why not, and the command that fetches them. */
function fetched(name: string, packages: readonly string[]): string | undefined {
  const folder = join(cache, name);
  const ready = join(folder, "ready");
  if (existsSync(ready)) return undefined;
  const command = `cd ${folder} && apt-get download ${packages.join(" ")}`;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(join(folder, "root"), { recursive: true });
  const got = spawnSync("apt-get", ["-q", "download", ...packages], { cwd: folder, encoding: "utf8" });
  if (got.status !== 0) return `${got.error?.message ?? got.stderr}\n${command}`;
  for (const file of readdirSync(folder).filter((each) => each.endsWith(".deb"))) {
    const unpacked = spawnSync("dpkg", ["-x", file, join(folder, "root")], { cwd: folder, encoding: "utf8" });
    if (unpacked.status !== 0) return `${unpacked.error?.message ?? unpacked.stderr}\n${command}`;
  }
  mkdirSync(ready);
  return undefined;
}

/** Fetches rsyslog, syslog-ng and systemd-journal-upload. */
export const fetchShippers = (): string | undefined => fetched("debian-shippers", shippers);

/** Fetches Prometheus with promtool. */
export const fetchPrometheus = (): string | undefined => fetched("debian-prometheus", prometheus);

/** Path of promtool. */
export const promtool = join(cache, "debian-prometheus/root/usr/bin/promtool");

/** Where something of the packages lies. */
export function shipperFile(...path: readonly string[]): string {
  return join(root, ...path);
}

/** Folder of the modules of syslog-ng, which names its version. */
export function syslogNgModules(): string {
  const at = shipperFile("usr/lib/syslog-ng");
  const version = readdirSync(at).find((name) => /^\d/.test(name)) ?? "";
  return join(at, version);
}

/** Folder of the modules of rsyslog. */
export function rsyslogModules(): string {
  return libraries.map((path) => join(path, "rsyslog")).find((path) => existsSync(path)) ?? "";
}

export interface Shipper extends AsyncDisposable {
  readonly said: () => string;
  /** Its exit code, once it has ended. */
  readonly exited: Promise<number | null>;
}

/** Starts a program with the libraries of the packages. */
export function startShipper(command: string, args: readonly string[]): Shipper {
  const child: ChildProcess = spawn(command, args, {
    env: { ...process.env, LD_LIBRARY_PATH: libraries.join(delimiter) },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding("utf8").on("data", (text: string) => (said += text));
  const exited = new Promise<number | null>((resolve) => {
    child.once("close", resolve);
    child.once("error", (error) => {
      said += String(error);
      resolve(null);
    });
  });
  return {
    said: () => said,
    exited,
    async [Symbol.asyncDispose]() {
      child.kill("SIGTERM");
      await exited;
    },
  };
}
