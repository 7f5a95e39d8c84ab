// The kernel's lock on a file: it belongs to the process that holds it and goes with it, however that ends.
import { dlopen } from "bun:ffi";
import { closeSync, ftruncateSync, openSync, readFileSync, writeSync } from "node:fs";

/** `LOCK_EX | LOCK_NB` of flock(2). */
const exclusiveNow = 2 | 4;

const libraries: Partial<Record<NodeJS.Platform, readonly string[]>> = {
  linux: ["libc.so.6", `libc.musl-${process.arch === "arm64" ? "aarch64" : "x86_64"}.so.1`, "libc.so"],
  darwin: ["libSystem.B.dylib"],
};

export interface HeldLock {
  release(): void;
}

/** Takes the lock and writes the own process id into the file, or says who has it (0 when the file does not tell). */
export function lockFile(path: string): { readonly lock: HeldLock } | { readonly heldBy: number } {
  // The descriptor is not passed on to children: a worker that outlives this process must not keep the lock.
  const file = openSync(path, "a+", 0o600);
  if (flock(file) !== 0) {
    const heldBy = Number.parseInt(readFileSync(path, "utf8"), 10);
    closeSync(file);
    return { heldBy: Number.isNaN(heldBy) ? 0 : heldBy };
  }
  ftruncateSync(file, 0);
  writeSync(file, `${process.pid}\n`);
  return { lock: { release: () => closeSync(file) } };
}

function flock(file: number): number {
  const names = libraries[process.platform] ?? [];
  for (const name of names) {
    try {
      const library = dlopen(name, { flock: { args: ["i32", "i32"], returns: "i32" } });
      const result = library.symbols.flock(file, exclusiveNow);
      library.close();
      return result;
    } catch (error) {
      if (name === names.at(-1)) throw error;
    }
  }
  throw new Error(`there is no file lock on ${process.platform}`);
}
