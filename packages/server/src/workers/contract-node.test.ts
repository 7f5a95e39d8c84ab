// The contract of the worker protocol: our build worker on Node.
import { runtimeSuite } from "./runtimes.suite.ts";

runtimeSuite("node", ["node"]);
