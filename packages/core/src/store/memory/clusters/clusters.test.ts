// The whole suite of the cluster port in plain memory.
import { clusterStoreSuite } from "../../cluster-store.suite.ts";
import { MemoryRunStore } from "../memory-run-store.ts";

clusterStoreSuite("memory", () => new MemoryRunStore());
