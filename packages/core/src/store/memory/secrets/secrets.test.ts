// The whole suite of the secret port in plain memory.
import { secretStoreSuite } from "../../secret-store.suite.ts";
import { MemoryRunStore } from "../memory-run-store.ts";

secretStoreSuite("memory", () => new MemoryRunStore());
