import { runStoreSuite } from "./run-store.suite.ts";
import { MemoryRunStore } from "./memory/memory-run-store.ts";
runStoreSuite("memory", () => new MemoryRunStore());
