// A build worker as a program: `build-main.node.ts '{"host":"127.0.0.1","port":7891,"workerId":"w","capabilities":["build"]}'`.
import process from "node:process";
import { BuildWorker } from "./build-worker.node.ts";
import type { BuildWorkerOptions } from "./build-worker.node.ts";

const { versions } = process as { readonly versions: Readonly<Record<string, string | undefined>> };
const runtime = versions["bun"] !== undefined ? "bun" : versions["deno"] !== undefined ? "deno" : "node";
const options = JSON.parse(process.argv[2] ?? "{}") as Omit<BuildWorkerOptions, "runtime" | "runtimeVersion">;
const worker = new BuildWorker({
  ...options,
  runtime,
  runtimeVersion: versions[runtime],
  onConnected: () => process.stdout.write("connected\n"),
});
process.once("SIGTERM", () => worker.stop());
try {
  await worker.run();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
