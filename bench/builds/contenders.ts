// The tools that build the same workspaces: how each is called, and what it remembers.
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PeerFolder } from "../peer-folder.ts";

export const tools = ["sluice", "turbo", "nx", "moon", "lage"] as const;
export type Tool = (typeof tools)[number];

const versions = { turbo: "2.11.11", nx: "24.0.6", "@moonrepo/cli": "2.5.5", lage: "2.17.0" } as const;

export interface Contender {
  readonly name: Tool;
  readonly version: string;
  /** The program itself where it is one, not a script that starts it. */
  readonly command: (tasks: readonly string[]) => readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** What it remembers in a workspace, so that the next build is its first. */
  forget(root: string): void;
  /** After the last build. */
  end(root: string): void;
}

/** Peers as npm installs them; their folder of modules. */
export function installPeers(say: (line: string) => void): string {
  const folder = join(import.meta.dir, "../.peers/builds");
  new PeerFolder({ folder, manifest: { private: true, dependencies: versions } }).install(say);
  return join(folder, "node_modules");
}

/** Ours as a user has it: packed, and installed with npm. The folder of its modules. */
export function installOurs(say: (line: string) => void): string {
  const repository = join(import.meta.dir, "../..");
  say("Packing and installing ours …");
  const folder = join(import.meta.dir, "../.peers/builds-ours");
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), '{"private":true}\n');
  run([process.execPath, join(repository, "scripts/pack.ts")], repository);
  const dist = join(repository, "dist");
  const tarball = readdirSync(dist).find((name) => /^sluice-\d.*\.tgz$/.test(name));
  if (tarball === undefined) throw new Error("Packing left no tarball.");
  run(["npm", "install", "--no-audit", "--no-fund", "--prefer-offline", join(dist, tarball)], folder);
  return join(folder, "node_modules");
}

function run(command: readonly string[], cwd: string): void {
  const { exitCode, stderr } = Bun.spawnSync([...command], { cwd });
  if (exitCode !== 0) throw new Error(`${command.join(" ")}: ${stderr.toString().slice(-500)}`);
}

const remove = (root: string, ...paths: readonly string[]): void => {
  for (const path of paths) rmSync(join(root, path), { recursive: true, force: true });
};

/** `peers`, `ours`: folders of modules. */
export function contendersIn(peers: string, ours: string): readonly Contender[] {
  const native = (name: string): string => join(peers, name);
  const machine = process.arch === "arm64" ? "arm64" : "x64";
  const concurrency = String(navigator.hardwareConcurrency);
  return [
    {
      name: "sluice",
      version: "here",
      command: (tasks) => [join(ours, ".bin/sluice"), "build", ...tasks],
      env: {},
      forget: (root) => remove(root, ".sluice"),
      end: () => undefined,
    },
    {
      name: "turbo",
      version: versions.turbo,
      command: (tasks) => [
        native(`@turbo/linux-${machine === "x64" ? "64" : "arm64"}/bin/turbo`),
        "run",
        ...tasks,
        "--concurrency",
        concurrency,
      ],
      env: { TURBO_TELEMETRY_DISABLED: "1", TURBO_NO_UPDATE_NOTIFIER: "1" },
      forget(root) {
        remove(root, ".turbo", "node_modules/.cache");
        for (const name of readdirSync(join(root, "packages"))) remove(root, `packages/${name}/.turbo`);
      },
      end: () => undefined,
    },
    {
      name: "nx",
      version: versions.nx,
      command: (tasks) => [native(".bin/nx"), "run-many", "-t", ...tasks, "--parallel", concurrency],
      env: { NX_NO_CLOUD: "true", NX_TUI: "false", NX_DAEMON: "true", CI: "false" },
      forget(root) {
        Bun.spawnSync([native(".bin/nx"), "reset"], { cwd: root, env: { ...process.env, NX_NO_CLOUD: "true" } });
        remove(root, ".nx");
      },
      end: (root) => void Bun.spawnSync([native(".bin/nx"), "daemon", "--stop"], { cwd: root }),
    },
    {
      name: "moon",
      version: versions["@moonrepo/cli"],
      command: (tasks) => [
        native(`@moonrepo/core-linux-${machine}-gnu/moon`),
        "run",
        ...tasks.map((task) => `:${task}`),
        "--concurrency",
        concurrency,
      ],
      env: { MOON_TELEMETRY: "false" },
      forget: (root) => remove(root, ".moon/cache"),
      end: () => undefined,
    },
    {
      name: "lage",
      version: versions.lage,
      command: (tasks) => [native(".bin/lage"), ...tasks, "--concurrency", concurrency, "--reporter", "verboseFileLog"],
      env: {},
      forget(root) {
        remove(root, "node_modules/.cache");
        for (const name of readdirSync(join(root, "packages"))) remove(root, `packages/${name}/node_modules`);
      },
      end: () => undefined,
    },
  ];
}

/** Why a contender cannot take part; undefined where it can. */
export function missing(contender: Contender): string | undefined {
  const [program = ""] = contender.command(["build"]);
  return existsSync(program) ? undefined : `${program} is not there: npm has no package of it for this machine`;
}
