// The whole suite of the trigger port on SQLite files.
import { triggerStoreSuite } from "../../trigger-store.suite.ts";
import { sqliteStores } from "../sqlite-store.fixture.suite.ts";

triggerStoreSuite("sqlite", sqliteStores());
