import { sqliteStores } from "../sqlite-store.fixture.suite.ts";
import { runFiguresSuite } from "../../run-figures.suite.ts";

runFiguresSuite("sqlite", sqliteStores());
