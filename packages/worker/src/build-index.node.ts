// A worker for builds as a library, for Bun, Node and Deno.
export { BuildWorker, WorkerRefused } from "./build-worker.node.ts";
export type { BuildWorkerOptions } from "./build-worker.node.ts";
