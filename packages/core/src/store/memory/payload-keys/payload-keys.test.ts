// The whole suite of the port of data keys in plain memory.
import { payloadKeyStoreSuite } from "../../payload-key-store.suite.ts";
import { MemoryRunStore } from "../memory-run-store.ts";

payloadKeyStoreSuite("memory", () => new MemoryRunStore());
