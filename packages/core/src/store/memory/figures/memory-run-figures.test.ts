// The whole suite of the figures port in plain memory.
import { runFiguresSuite } from "../../run-figures.suite.ts";
import { MemoryRunStore } from "../memory-run-store.ts";

runFiguresSuite("in memory", () => new MemoryRunStore());
