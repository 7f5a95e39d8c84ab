// The whole suite of the port of blobs in scopes in plain memory.
import { blobScopeStoreSuite } from "../../blob-scope-store.suite.ts";
import { MemoryRunStore } from "../memory-run-store.ts";

blobScopeStoreSuite("memory", () => new MemoryRunStore());
