// The whole suite of the identity port on SQLite files.
import { identityStoreSuite } from "../../identity-store.suite.ts";
import { sqliteStores } from "../sqlite-store.fixture.suite.ts";

identityStoreSuite("sqlite", sqliteStores());
