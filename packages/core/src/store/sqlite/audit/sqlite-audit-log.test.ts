// The whole suite of the audit port on SQLite files.
import { auditLogSuite } from "../../audit-log.suite.ts";
import { sqliteStores } from "../sqlite-store.fixture.suite.ts";

auditLogSuite("sqlite", sqliteStores());
