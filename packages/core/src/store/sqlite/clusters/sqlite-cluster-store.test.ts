// The whole suite of the cluster port on SQLite files.
import { clusterStoreSuite } from "../../cluster-store.suite.ts";
import { sqliteStores } from "../sqlite-store.fixture.suite.ts";

clusterStoreSuite("sqlite", sqliteStores());
