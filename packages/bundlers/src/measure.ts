// What a stretch of work costs this process and its children, from what Linux tells in /proc. Elsewhere only the processor time of this
// process is known.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import type { BundleMetrics } from "./bundle.ts";

export type Resources = BundleMetrics["resources"];

interface Usage {
  readonly cpuMs: number;
  readonly readBytes: number | undefined;
  readonly writtenBytes: number | undefined;
}

/** Milliseconds of one tick of the processor times in /proc: they are given in hundredths of a second. */
const tickMs = 10;
const megabyte = 1_000_000;

export class Measuring {
  readonly #before = new Map<number, Usage>();
  readonly #cpuBefore: NodeJS.CpuUsage;
  readonly #from = performance.now();

  constructor() {
    for (const pid of family()) {
      forgetPeak(pid);
      this.#before.set(pid, usageOf(pid));
    }
    this.#cpuBefore = process.cpuUsage();
  }

  /** Since the beginning. A child that began and ended meanwhile is not in it. */
  end(): Resources {
    const { user, system } = process.cpuUsage(this.#cpuBefore);
    const wallMs = Math.max(performance.now() - this.#from, Number.EPSILON);
    let cpuMs = (user + system) / 1_000;
    let peak: number | undefined;
    let read: number | undefined;
    let written: number | undefined;
    for (const pid of family()) {
      const usage = usageOf(pid);
      const before = this.#before.get(pid) ?? { cpuMs: 0, readBytes: 0, writtenBytes: 0 };
      if (pid !== process.pid) cpuMs += usage.cpuMs - before.cpuMs;
      peak = sum(peak, peakBytes(pid));
      read = sum(read, less(usage.readBytes, before.readBytes));
      written = sum(written, less(usage.writtenBytes, before.writtenBytes));
    }
    return {
      peak_memory_mb: inMegabytes(peak),
      avg_cpu_percent: (100 * cpuMs) / wallMs,
      io_read_mb: inMegabytes(read),
      io_write_mb: inMegabytes(written),
    };
  }
}

/** This process and whatever came of it; this process alone where nothing is told. */
function family(): readonly number[] {
  const found = [process.pid];
  for (const pid of found) found.push(...childrenOf(pid));
  return found;
}

function childrenOf(pid: number): readonly number[] {
  return listed(`/proc/${pid}/task`).flatMap((task) =>
    (text(`/proc/${pid}/task/${task}/children`) ?? "").split(" ").filter(Boolean).map(Number),
  );
}

/** `VmHWM` begins anew at what is resident now. Only of one's own processes, where the kernel can do it. */
function forgetPeak(pid: number): void {
  try {
    writeFileSync(`/proc/${pid}/clear_refs`, "5");
  } catch {
    // Then the peak is that of the process's whole life: more than it was, never less.
  }
}

function peakBytes(pid: number): number | undefined {
  const kilobytes = /^VmHWM:\s+(\d+) kB/m.exec(text(`/proc/${pid}/status`) ?? "")?.[1];
  return kilobytes === undefined ? undefined : Number(kilobytes) * 1_024;
}

/** `rchar` and `wchar` of proc(5): what calls have read and written, from the cache or the disk. */
function usageOf(pid: number): Usage {
  const io = text(`/proc/${pid}/io`) ?? "";
  const bytes = (name: string): number | undefined => {
    const found = new RegExp(`^${name}: (\\d+)`, "m").exec(io)?.[1];
    return found === undefined ? undefined : Number(found);
  };
  // After the name in brackets, which can hold anything: state is the first, utime and stime the 12th and 13th.
  const fields = (text(`/proc/${pid}/stat`) ?? "").replace(/^.*\) /s, "").split(" ");
  const cpuMs = (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) * tickMs;
  return { cpuMs, readBytes: bytes("rchar"), writtenBytes: bytes("wchar") };
}

function text(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    // The process has ended, or this is no Linux.
    return undefined;
  }
}

function listed(path: string): readonly string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}

function sum(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined ? b : a + (b ?? 0);
}

function less(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined ? undefined : a - (b ?? 0);
}

function inMegabytes(bytes: number | undefined): number | null {
  return bytes === undefined ? null : bytes / megabyte;
}
