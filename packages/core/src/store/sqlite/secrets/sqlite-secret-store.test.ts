// The whole suite of the secret port on SQLite files.
import { secretStoreSuite } from "../../secret-store.suite.ts";
import { sqliteStores } from "../sqlite-store.fixture.suite.ts";

secretStoreSuite("sqlite", sqliteStores());
