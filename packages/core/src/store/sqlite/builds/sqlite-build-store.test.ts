// The whole suite of the build port on SQLite files.
import { buildStoreSuite } from "../../build-store.suite.ts";
import { sqliteStores } from "../sqlite-store.fixture.suite.ts";

buildStoreSuite("sqlite", sqliteStores());
