// Child processes of builds, each the head of a group of its own, so that all that came of it can be told to end.
import process from "node:process";
import type { ProcessEnd, Processes } from "../ports.ts";

async function pump(stream: ReadableStream<Uint8Array>, output: (bytes: Uint8Array) => void): Promise<void> {
  for await (const bytes of stream) output(bytes);
}

/** How long output of others that a process has left behind is still waited for. */
const leftoverMs = 200;

const microsecondsPerMs = 1_000;

function useOf(child: Bun.Subprocess): ProcessEnd["use"] {
  const usage = child.resourceUsage();
  if (usage === undefined) return undefined;
  return { cpuMs: Number(usage.cpuTime.total) / microsecondsPerMs, memoryBytes: usage.maxRSS };
}

export const machineProcesses: Processes = {
  spawn({ command, cwd, env, output }) {
    try {
      const child = Bun.spawn([...command], {
        cwd,
        env: { ...env },
        stdin: "ignore",
        stdout: "pipe",
        stderr: "pipe",
        detached: true,
      });
      const pumps = Promise.all([pump(child.stdout, output), pump(child.stderr, output)]);
      const ended = (async (): Promise<ProcessEnd> => {
        await child.exited;
        await Promise.race([pumps, Bun.sleep(leftoverMs)]);
        return {
          exitCode: child.exitCode ?? undefined,
          signal: child.signalCode === null ? undefined : String(child.signalCode),
          use: useOf(child),
        };
      })();
      return {
        ok: true,
        process: {
          pid: child.pid,
          ended,
          kill(signal) {
            try {
              process.kill(-child.pid, signal);
            } catch (error) {
              // Whoever has ended meanwhile needs no signal.
              if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
            }
          },
        },
      };
    } catch (error) {
      return { ok: false, why: error instanceof Error ? error.message : String(error) };
    }
  },
};
