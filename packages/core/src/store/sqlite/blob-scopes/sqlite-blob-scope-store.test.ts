// The whole suite of the port of blobs in scopes on SQLite files.
import { blobScopeStoreSuite } from "../../blob-scope-store.suite.ts";
import { sqliteStores } from "../sqlite-store.fixture.suite.ts";

blobScopeStoreSuite("sqlite", sqliteStores());
