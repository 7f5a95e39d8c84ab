// The worker that is shipped, doing builds beside tasks, as a program that takes the options of the contract: the last argument, as JSON.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { runRemoteWorker } from "@sluice/worker/remote";

interface Given {
  readonly host: string;
  readonly port: number;
  readonly workerId: string;
  readonly token?: string;
  readonly slots?: number;
  readonly blobsUrl?: string;
  readonly passEnv?: readonly string[];
}

const {
  host,
  port,
  workerId,
  token,
  slots = 1,
  blobsUrl,
  passEnv = [],
} = JSON.parse(process.argv.at(-1) ?? "{}") as Given;
const state = mkdtempSync(join(tmpdir(), "sluice-remote-"));
process.once("exit", () => rmSync(state, { recursive: true, force: true }));
const tokenFile = join(state, "token");
writeFileSync(tokenFile, token ?? "", { mode: 0o600 });
const end = await runRemoteWorker({
  connect: `${host}:${port}`,
  ...(token === undefined ? {} : { tokenFile }),
  id: workerId,
  labels: [],
  capabilities: [],
  slots,
  state,
  version: "v",
  workflows: [],
  tasks: [],
  builds: { blobsUrl, passEnv },
  heartbeatMs: 1_000,
  drainMs: 10_000,
  log: (message) => message.endsWith(": connected") && process.stdout.write("connected\n"),
});
if (end.refused !== undefined) {
  process.stderr.write(`${end.refused}\n`);
  process.exitCode = 1;
}
