// Keeps the holder small: what a program needed only to begin stays in its memory for good otherwise. Pages of files that nobody has
// changed are given back, and come again from the file where they are needed.
import { readFileSync } from "node:fs";
import { openC } from "./peer.ts";

/** MADV_DONTNEED: `include/uapi/asm-generic/mman-common.h` of Linux. */
const dontNeed = 4;

/** Gives back what can be had again; does nothing where the system has no /proc. */
export function shrinkWorkingSet(): void {
  let maps;
  try {
    maps = readFileSync("/proc/self/smaps", "utf8");
  } catch {
    return;
  }
  Bun.gc(true);
  const library = openC({ madvise: { args: ["u64", "u64", "i32"], returns: "i32" } } as const);
  if (library === undefined) return;
  for (const { start, end } of unchangedIn(maps)) library.symbols.madvise(start, end - start, dontNeed);
  library.close();
}

/** Mappings of files without a byte of their own: proc_pid_smaps(5). */
export function unchangedIn(maps: string): readonly { readonly start: bigint; readonly end: bigint }[] {
  return maps.split(/^(?=[\da-f]+-[\da-f]+ )/m).flatMap((part) => {
    const head = /^([\da-f]+)-([\da-f]+) (\S{4}) \S+ \S+ (\d+)/.exec(part);
    const [, start = "", end = "", rights = "", inode = "0"] = head ?? [];
    const isOfFile = inode !== "0" && !rights.includes("w");
    const isUnchanged = /^Anonymous: +0 kB$/m.test(part) && /^Private_Dirty: +0 kB$/m.test(part);
    return isOfFile && isUnchanged ? [{ start: BigInt(`0x${start}`), end: BigInt(`0x${end}`) }] : [];
  });
}
