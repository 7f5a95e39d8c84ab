// The whole suite of the build port in plain memory.
import { buildStoreSuite } from "../../build-store.suite.ts";
import { MemoryRunStore } from "../memory-run-store.ts";

buildStoreSuite("memory", () => new MemoryRunStore());
