// The contract of the worker protocol, for the worker that `sluice worker --builds` and `sluice-worker --builds` are.
import { join } from "node:path";
import { runtimeSuite } from "./runtimes.suite.ts";

runtimeSuite("bun", [process.execPath], join(import.meta.dir, "remote-builds.fixture.suite.ts"));
