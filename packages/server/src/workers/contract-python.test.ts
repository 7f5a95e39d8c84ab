// The contract of the worker protocol: the Python worker, from the wheel that is packed and installed first.
import { afterAll, test } from "bun:test";
import { rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { pythonSources, setUpPython } from "../../../../e2e/python-rig.ts";
import { runtimeSuite } from "./runtimes.suite.ts";

const setup = setUpPython();

if ("missing" in setup) test.skip(`the Python worker: ${setup.missing}`, () => undefined);
else {
  const { bin, wheel } = setup;
  afterAll(() => rmSync(dirname(wheel), { recursive: true, force: true }));
  runtimeSuite("python", [join(bin, "python"), join(pythonSources, "tests/suite_worker.py")]);
}
