// The fuzzer of the Python worker and master with all its frames.
import { expect, test } from "bun:test";
import { rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { pythonSources, run, setUpPython } from "./python-rig.ts";

const setup = setUpPython();

if ("missing" in setup) test.skip(`the Python worker: ${setup.missing}`, () => undefined);
else {
  test("100,000 mutated frames do no harm to a Python master, nor to a worker", () => {
    const pytest = [join(setup.bin, "pytest"), "-q", "tests/test_fuzz.py"];
    const { exitCode, output } = run(pytest, { cwd: pythonSources, env: { TEST_TIER: "full" } });
    expect({ exitCode, output }).toMatchObject({ exitCode: 0 });
    rmSync(dirname(setup.wheel), { recursive: true, force: true });
  });
}
