// The program `sluice-worker`: works for a server, on Node, Deno or Bun, with tasks and workflows of one file.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { SluiceError } from "@sluice/protocol";
import { isTask, isWorkflow } from "@sluice/sdk";
import { runRemoteWorker } from "@sluice/worker/remote";

const usage = `sluice-worker --connect HOST:PORT [--code FILE] [--builds] [options]

Works for a Sluice server with the tasks and workflows that a module exports, does builds, or both.

  --connect ADDRESS      HOST:PORT, tls://HOST:PORT, ws://... or wss://...
  --code FILE            module that exports what task() and workflow() made; its bytes are the version of the code
  --builds               do builds: run the commands that whoever may start builds asks for
  --pass-env LIST        variables of this environment that commands of builds get
  --blobs-url URL        server with the files of builds, where this one does not say it
  --token-file FILE      file with a token of the role worker; it is exchanged once for a credential
  --id NAME              name of this worker (default: one that is made, and kept in --state)
  --labels LIST          labels besides those of the machine, such as gpu,site=lisbon
  --capabilities LIST    what it can do, such as ffmpeg
  --slots N              tasks at once (4)
  --state DIR            folder for its name and credential (.sluice-worker)
  --ca FILE              certificates to trust, in PEM format
  --drain-ms MS          time for what runs when it is told to stop (10000)

Example:
  sluice-worker --connect 127.0.0.1:7891 --token-file worker.token --code ./tasks.mjs
  sluice-worker --connect 127.0.0.1:7891 --token-file worker.token --builds
`;
const heartbeatMs = 1_000;
const text = { type: "string" } as const;

/** Ends with 0 when it was told to stop, 1 when it was refused, 2 when it was used wrongly. */
export async function sluiceWorker(args: readonly string[]): Promise<number> {
  let values;
  try {
    ({ values } = parseArgs({
      args: [...args],
      options: {
        connect: text,
        code: text,
        builds: { type: "boolean" },
        "pass-env": text,
        "blobs-url": text,
        "token-file": text,
        id: text,
        labels: text,
        capabilities: text,
        slots: text,
        state: text,
        ca: text,
        "drain-ms": text,
        help: { type: "boolean" },
      },
    }));
  } catch (error) {
    console.error(`sluice-worker: ${error instanceof Error ? error.message : String(error)}\n\n${usage}`);
    return 2;
  }
  if (values.help === true) {
    console.log(usage);
    return 0;
  }
  const { connect, code, builds = false, slots = "4", "drain-ms": drainMs = "10000" } = values;
  if (connect === undefined || (code === undefined && !builds) || !/^[1-9]\d*$/.test(slots) || !/^\d+$/.test(drainMs)) {
    console.error(`sluice-worker: it takes --connect, and --code or --builds or both; numbers are whole.\n\n${usage}`);
    return 2;
  }
  try {
    const exported =
      code === undefined ? [] : Object.values((await import(pathToFileURL(resolve(code)).href)) as object);
    const end = await runRemoteWorker({
      connect,
      tokenFile: values["token-file"],
      id: values.id,
      labels: listOf(values.labels),
      capabilities: listOf(values.capabilities),
      slots: Number(slots),
      state: values.state ?? ".sluice-worker",
      ca: values.ca,
      version: createHash("sha256")
        .update(code === undefined ? "" : readFileSync(code))
        .digest("hex"),
      builds: builds ? { blobsUrl: values["blobs-url"], passEnv: listOf(values["pass-env"]) } : undefined,
      workflows: exported.filter(isWorkflow),
      tasks: exported.filter(isTask),
      heartbeatMs,
      drainMs: Number(drainMs),
      log: (message) => console.error(message),
    });
    if (end.refused === undefined) return 0;
    console.error(`sluice-worker: the server refused this worker: ${end.refused}`);
  } catch (error) {
    const hint = error instanceof SluiceError && error.hint !== undefined ? `\n${error.hint}` : "";
    console.error(`sluice-worker: ${error instanceof Error ? error.message : String(error)}${hint}`);
  }
  return 1;
}

function listOf(list: string | undefined): readonly string[] {
  return (list ?? "").split(",").filter((each) => each !== "");
}
