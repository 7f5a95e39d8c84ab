// A worker for builds as a library, for Bun, Node and Deno.
export { BuildWorker, WorkerRefused } from "./build-worker.ts";
export type { BuildWorkerOptions } from "./build-worker.ts";
