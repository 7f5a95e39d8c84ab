// The contract of the worker protocol: our build worker on Bun.
import { runtimeSuite } from "./runtimes.suite.ts";

runtimeSuite("bun", [process.execPath]);
