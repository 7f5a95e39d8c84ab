// The whole suite of the port of data keys on SQLite files.
import { payloadKeyStoreSuite } from "../../payload-key-store.suite.ts";
import { sqliteStores } from "../sqlite-store.fixture.suite.ts";

payloadKeyStoreSuite("sqlite", sqliteStores());
