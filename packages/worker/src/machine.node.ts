// What a worker says of the machine it runs on, on runtimes that have Node's `os`: Bun, Node and Deno.
import { availableParallelism, totalmem } from "node:os";

/** Labels that every worker has: `os=linux`, `arch=x64`, `runtime=bun`, and `libc=glibc` or `libc=musl` where that is known. */
export function machineLabels(runtime: string): string[] {
  const labels = [`os=${process.platform}`, `arch=${process.arch}`, `runtime=${runtime}`];
  const libc = libcOf();
  return libc === undefined ? labels : [...labels, `libc=${libc}`];
}

/** Cores, and bytes of memory. */
export function machineResources(): Record<string, number> {
  return { cpu: availableParallelism(), memory_bytes: totalmem() };
}

/** Node's report names the version of glibc it runs on; there is none elsewhere. */
function libcOf(): string | undefined {
  if (process.platform !== "linux") return undefined;
  const report = process.report as { getReport?: () => { header?: { glibcVersionRuntime?: string } } } | undefined;
  return report?.getReport?.().header?.glibcVersionRuntime === undefined ? undefined : "glibc";
}
