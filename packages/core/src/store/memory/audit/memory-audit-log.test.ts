// The whole suite of the audit port in plain memory.
import { auditLogSuite } from "../../audit-log.suite.ts";
import { MemoryRunStore } from "../memory-run-store.ts";

auditLogSuite("memory", () => new MemoryRunStore());
