// The whole suite of the trigger port in memory.
import { triggerStoreSuite } from "../../trigger-store.suite.ts";
import { MemoryRunStore } from "../memory-run-store.ts";

triggerStoreSuite("memory", () => new MemoryRunStore());
