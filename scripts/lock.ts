// Completes package-lock.json: npm leaves out an optional platform package that the registry at hand does not
// carry, and then `npm ci` refuses the lock everywhere. Run `npm run lock` after changing a dependency.

import { join } from "node:path";

interface LockEntry {
  version?: string;
  dev?: boolean;
  optional?: boolean;
  os?: string[];
  cpu?: string[];
  libc?: string[];
  optionalDependencies?: Record<string, string>;
}

interface Lock {
  packages: Record<string, LockEntry>;
}

const OS_NAMES: Record<string, string> = { windows: "win32" };
const CPU_NAMES: Record<string, string> = { aarch64: "arm64", eabi: "arm", gnueabihf: "arm", musleabihf: "arm" };
const OPERATING_SYSTEMS = new Set(["android", "darwin", "freebsd", "linux", "openharmony", "win32"]);
const PROCESSORS = new Set(["arm", "arm64", "ia32", "ppc64", "riscv64", "s390x", "wasm32", "x64"]);

/** The platform a package such as `@x/binding-linux-arm64-musl` is for, read from its name; `undefined` if it names none. */
export function platformOf(name: string): Pick<LockEntry, "os" | "cpu" | "libc"> | undefined {
  const words = name.slice(name.indexOf("/") + 1).split("-");
  const os = words.map((word) => OS_NAMES[word] ?? word).find((word) => OPERATING_SYSTEMS.has(word));
  const cpu = words.map((word) => CPU_NAMES[word] ?? word).find((word) => PROCESSORS.has(word));
  if (os === undefined || cpu === undefined) return undefined;
  const musl = words.some((word) => word.startsWith("musl"));
  const gnu = words.some((word) => word.startsWith("gnu"));
  return { os: [os], cpu: [cpu], ...(musl ? { libc: ["musl"] } : gnu ? { libc: ["glibc"] } : {}) };
}

/** A copy of `lock` with an entry for each exactly pinned optional platform package that it lacks, and their names. */
export function completeLock(lock: Lock): { lock: Lock; added: string[] } {
  const packages = { ...lock.packages };
  const added: string[] = [];
  for (const entry of Object.values(lock.packages)) {
    for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
      const path = `node_modules/${name}`;
      const platform = platformOf(name);
      if (packages[path] !== undefined || platform === undefined || !/^\d/.test(version)) continue;
      packages[path] = { version, ...(entry.dev ? { dev: true } : {}), optional: true, ...platform };
      added.push(name);
    }
  }
  const sorted = Object.entries(packages).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return { lock: { ...lock, packages: Object.fromEntries(sorted) }, added };
}

if (import.meta.main) {
  const root = join(import.meta.dir, "..");
  const npm = Bun.spawnSync(["npm", "install", "--package-lock-only"], {
    cwd: root,
    stdio: ["ignore", "inherit", "inherit"],
  });
  if (npm.exitCode !== 0) process.exit(npm.exitCode);
  const path = join(root, "package-lock.json");
  const result = completeLock((await Bun.file(path).json()) as Lock);
  await Bun.write(path, `${JSON.stringify(result.lock, null, 2)}\n`);
  console.log(`package-lock.json: ${result.added.length} platform packages added`);
}
