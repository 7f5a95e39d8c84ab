// `sluice build watch`: builds whenever something changes, until it is interrupted.
import { resolve } from "node:path";
import { CliError, exitCodes } from "../io.ts";
import type { Io } from "../io.ts";
import { loadBuilds, logOf, scopeOf, shownTask } from "./execute.ts";
import { argumentsOf, concurrencyOf, taskNames } from "./flags.ts";
import type { BuildFlags } from "./flags.ts";
import { BuildOutput } from "./output.ts";

export async function watch(io: Io, given: readonly string[], flags: BuildFlags): Promise<void> {
  const builds = await loadBuilds();
  const ground = { env: io.env, from: resolve(io.cwd, flags.project ?? "."), log: logOf(io) };
  const stop = new AbortController();
  const interrupt = (): void => stop.abort();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, interrupt);
  const timeline = builds.timeline(() => performance.now());
  const show = new BuildOutput(io, { isStream: true, logs: "new-only", isQuiet: flags.json === true, timeline });
  let startedAt = performance.now();
  try {
    const ended = await builds.watchBuilds(ground, {
      request: { ...scopeOf(flags), tasks: taskNames(given, flags, argumentsOf(process.argv).length) },
      continuing: "dependencies-successful",
      concurrency: concurrencyOf(flags.concurrency),
      force: false,
      show: {
        planned(plan) {
          startedAt = performance.now();
          show.planned(plan);
        },
        started: show.started,
        output: show.output,
        replayed: show.replayed,
        ended: show.ended,
        began: show.began,
        remark: show.remark,
      },
      signal: stop.signal,
      built(tasks) {
        const status = tasks.every((task) => task.status === "completed") ? "completed" : "failed";
        if (flags.json === true) {
          io.print(JSON.stringify({ status, tasks: tasks.map(shownTask) }));
          return;
        }
        show.finish({ status, tasks, elapsedMs: performance.now() - startedAt });
        io.print("Waits for changes.");
      },
    });
    if (!ended.ok) throw new CliError(exitCodes.misused, ended.error);
  } finally {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.off(signal, interrupt);
  }
}
