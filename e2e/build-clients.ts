// The build tools that the cache is tried with: installed once, from npm and Debian, into the user's cache folder.
import { existsSync, mkdirSync, readdirSync, chmodSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

const versions = {
  turbo: "2.11.11",
  nx: "24.0.6",
  "@moonrepo/cli": "2.5.5",
  "@bazel/bazel-linux_x64": "2.1.0",
  wireit: "0.14.13",
} as const;

export interface BuildClients {
  /** Folder of the programs from npm. */
  readonly bin: string;
  readonly bazel: string | undefined;
  /** With what it needs in its environment. */
  readonly ccache: { readonly program: string; readonly env: Readonly<Record<string, string>> } | undefined;
}

/** Installs what is not there. Without a registry that answers, the words of what is missing. */
export function buildClients(): BuildClients | string {
  const folder = join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "sluice", "build-clients");
  const bin = join(folder, "node_modules", ".bin");
  mkdirSync(folder, { recursive: true });
  if (!["turbo", "nx", "moon", "wireit"].every((name) => existsSync(join(bin, name)))) {
    writeFileSync(join(folder, "package.json"), '{"private":true}');
    const wanted = Object.entries(versions).map(([name, version]) => `${name}@${version}`);
    const install = ["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", ...wanted];
    const { exitCode, stderr } = Bun.spawnSync(install, { cwd: folder });
    if (exitCode !== 0) return `needs ${wanted.join(", ")} from npm: ${stderr.toString().slice(-300)}`;
  }
  return { bin, bazel: bazelIn(folder), ccache: ccacheIn(join(folder, "debian")) };
}

function bazelIn(folder: string): string | undefined {
  const packed = join(folder, "node_modules", "@bazel", "bazel-linux_x64");
  const name = existsSync(packed) ? readdirSync(packed).find((file) => file.startsWith("bazel-")) : undefined;
  if (name === undefined) return undefined;
  chmodSync(join(packed, name), 0o755);
  return join(packed, name);
}

/** Unpacked beside the system, which stays as it is. */
function ccacheIn(folder: string): BuildClients["ccache"] {
  const program = join(folder, "usr/bin/ccache");
  if (!existsSync(program)) {
    mkdirSync(folder, { recursive: true });
    const library = ["libhiredis1.1.0", "libhiredis0.14", "libhiredis1.0.0"];
    for (const name of ["ccache", ...library]) Bun.spawnSync(["apt-get", "download", name], { cwd: folder });
    for (const name of readdirSync(folder).filter((file) => file.endsWith(".deb"))) {
      Bun.spawnSync(["dpkg-deb", "-x", name, "."], { cwd: folder });
    }
  }
  if (!existsSync(program)) return undefined;
  const libraries = join(folder, "usr/lib", process.arch === "arm64" ? "aarch64-linux-gnu" : "x86_64-linux-gnu");
  return { program, env: { LD_LIBRARY_PATH: libraries } };
}
