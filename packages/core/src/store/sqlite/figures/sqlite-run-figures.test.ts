// The whole suite of the figures port on SQLite files.
import { sqliteStores } from "../sqlite-store.fixture.suite.ts";
import { runFiguresSuite } from "../../run-figures.suite.ts";

runFiguresSuite("sqlite", sqliteStores());
