// The whole suite of the port on SQLite files.
import { runStoreSuite } from "../run-store.suite.ts";
import { sqliteStores } from "./sqlite-store.fixture.suite.ts";

runStoreSuite("sqlite", sqliteStores());
