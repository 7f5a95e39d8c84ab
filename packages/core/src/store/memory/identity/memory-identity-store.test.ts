// The whole suite of the identity port in plain memory.
import { identityStoreSuite } from "../../identity-store.suite.ts";
import { MemoryRunStore } from "../memory-run-store.ts";

identityStoreSuite("memory", () => new MemoryRunStore());
