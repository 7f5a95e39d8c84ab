// `sluice doctor`: what is wrong with the installation, the project, the data folder and the server, and what to do.
import { resolve } from "node:path";
import type { Command } from "commander";
import manifest from "../../package.json" with { type: "json" };
import { Api, dataFolder, targetOf } from "../api.ts";
import type { TargetFlags } from "../api.ts";
import { CliError, exitCodes } from "../io.ts";
import type { Io } from "../io.ts";
import { installedModules } from "../modules.ts";
import { clientCommand, show } from "./client-command.ts";

/** One thing that was looked at. */
interface Check {
  readonly name: string;
  readonly state: "ok" | "warning" | "failed";
  readonly message: string;
  readonly hint?: string | undefined;
}

interface DeploymentsView {
  readonly current: { readonly version: string; readonly error: { readonly message: string } | null };
  readonly workers: readonly {
    readonly id: string;
    readonly process: {
      readonly pid: number;
      readonly status: string;
      readonly stalledIn: { readonly run: string; readonly step: string } | null;
    } | null;
  }[];
}

const marks = { ok: "ok     ", warning: "warning", failed: "FAILED " } as const;

export function addDoctorCommand(program: Command, io: Io): void {
  clientCommand(program, {
    name: "doctor",
    description: "Say what is wrong with the project, the data folder and the server",
    example: "sluice doctor --project ./shop",
  }).action(async (flags: TargetFlags) => {
    const { examine } = await import("@sluice/server/offline");
    const { checks, pid } = await examine({
      project: resolve(io.cwd, flags.project ?? io.env["SLUICE_PROJECT"] ?? "."),
      data: dataFolder(io, flags),
      modules: installedModules,
      env: io.env,
      bunVersionMin: manifest.dependencies.bun.replace("^", ""),
    });
    const asked = flags.url ?? io.env["SLUICE_URL"];
    const all = [...checks, ...(pid === undefined && asked === undefined ? [] : await serverChecks(io, flags))];
    const sound = all.every((check) => check.state !== "failed");
    show(io, flags, { json: { ok: sound, checks: all }, text: () => all.flatMap(lines) });
    if (!sound) throw new CliError(exitCodes.failed, { code: "unavailable", message: "Something is wrong." }, true);
  });
}

function lines({ name, state, message, hint }: Check): string[] {
  return [`${marks[state]} ${name}: ${message}`, ...(hint === undefined || state === "ok" ? [] : [`        ${hint}`])];
}

async function serverChecks(io: Io, flags: TargetFlags): Promise<Check[]> {
  const api = new Api(targetOf(io, flags));
  try {
    await api.json("/ready");
    const { current, workers } = await api.json<DeploymentsView>("/api/v1/deployments");
    const stalled = workers.filter((worker) => worker.process?.status === "stalled");
    return [
      { name: "ready", state: "ok", message: `${api.target.url} takes runs.` },
      current.error === null
        ? { name: "deployment", state: "ok", message: `Version ${current.version.slice(0, 12)} serves.` }
        : {
            name: "deployment",
            state: "failed",
            message: `The newest code was not deployed: ${current.error.message}`,
          },
      workers.length === 0
        ? { name: "workers", state: "warning", message: "No worker is connected.", hint: "The server's log says why." }
        : { name: "workers", state: "ok", message: `${workers.length} connected.` },
      ...stalled.map(({ id, process }): Check => {
        const where = process?.stalledIn;
        const step =
          where === null || where === undefined ? "outside of a step" : `in step "${where.step}" of ${where.run}`;
        return {
          name: "workers",
          state: "failed",
          message: `The thread of ${id} is blocked ${step}.`,
          hint: "Do long work asynchronously or in a process of its own.",
        };
      }),
    ];
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    const { message, hint } = error.wire;
    return [{ name: "server", state: "failed", message, hint }];
  }
}
