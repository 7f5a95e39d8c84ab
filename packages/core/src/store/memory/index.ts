// The store in plain memory: for tests of workflows, the simulator, and runtimes without SQLite.
export { MemoryRunStore } from "./memory-run-store.ts";
