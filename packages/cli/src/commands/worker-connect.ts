// `sluice worker --connect`: this machine works for a server, with the code of a project.
import { resolve } from "node:path";
import type { Command } from "commander";
import { failed, misused } from "../io.ts";
import type { Io } from "../io.ts";
import { installedModules } from "../modules.ts";

/** Options as commander hands them over. */
interface ConnectFlags {
  readonly connect?: string;
  readonly tokenFile?: string;
  readonly id?: string;
  readonly labels?: string;
  readonly capabilities?: string;
  readonly slots: string;
  readonly project?: string;
  readonly state?: string;
  readonly ca?: string;
  readonly drainMs: string;
  readonly builds?: boolean;
  readonly passEnv?: string;
  readonly blobsUrl?: string;
}

const heartbeatMs = 1_000;

/** Makes the group `worker` itself a command, beside those in it. */
export function addConnect(worker: Command, io: Io): void {
  worker
    .option("--connect <address>", "work for this server: HOST:PORT, tls://HOST:PORT, ws:// or wss://")
    .option("--token-file <file>", "file with a token of the role worker; it is exchanged once for a credential")
    .option("--id <name>", "name of this worker (default: one that is made, and kept in --state)")
    .option("--labels <list>", "labels besides those of the machine, such as gpu,site=lisbon")
    .option("--capabilities <list>", "what it can do, such as ffmpeg")
    .option("--slots <n>", "tasks at once", "4")
    .option("--project <dir>", "folder with workflows/ (default: this folder)")
    .option("--builds", "do builds as well: run the commands that whoever may start builds asks for")
    .option("--pass-env <list>", "variables of this environment that commands of builds get")
    .option("--blobs-url <url>", "server with the files of builds, where this one does not say it")
    .option("--state <dir>", "folder for its name and credential (default: .sluice-worker in the project)")
    .option("--ca <file>", "certificates to trust, in PEM format")
    .option("--drain-ms <ms>", "time for what runs when it is told to stop", "10000")
    .addHelpText("after", "\nExample:\n  sluice worker --connect 127.0.0.1:7891 --token-file worker.token --slots 4\n")
    .action(async (flags: ConnectFlags) => {
      if (flags.connect === undefined) {
        worker.outputHelp({ error: true });
        throw misused("worker takes --connect, or one of its commands.", "sluice worker list");
      }
      await connect(io, flags, flags.connect);
    });
}

async function connect(io: Io, flags: ConnectFlags, address: string): Promise<void> {
  const project = resolve(io.cwd, flags.project ?? ".");
  const state = resolve(io.cwd, flags.state ?? `${project}/.sluice-worker`);
  const [{ bundleOnce }, { loadCode }, { runRemoteWorker }] = await Promise.all([
    import("@sluice/server/bundle"),
    import("@sluice/worker/code"),
    import("@sluice/worker/remote"),
  ]);
  const { file, version } = await bundleOnce({ project, modules: installedModules, folder: `${state}/code` });
  const { workflows, tasks } = await loadCode({ code: file, project, modules: installedModules });
  const at = (path: string | undefined): string | undefined => (path === undefined ? undefined : resolve(io.cwd, path));
  const end = await runRemoteWorker({
    connect: address,
    tokenFile: at(flags.tokenFile),
    id: flags.id,
    labels: listOf(flags.labels),
    capabilities: listOf(flags.capabilities),
    slots: countOf("slots", flags.slots),
    state,
    ca: at(flags.ca),
    version,
    workflows,
    tasks,
    builds: flags.builds === true ? { blobsUrl: flags.blobsUrl, passEnv: listOf(flags.passEnv) } : undefined,
    heartbeatMs,
    drainMs: countOf("drain-ms", flags.drainMs),
    log: io.complain,
  });
  if (end.refused !== undefined)
    throw failed({ code: "forbidden", message: `The server refused this worker: ${end.refused}` });
}

function listOf(text: string | undefined): readonly string[] {
  return (text ?? "").split(",").filter((each) => each !== "");
}

function countOf(name: string, text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw misused(`--${name} takes a whole number, not ${text}.`);
}
