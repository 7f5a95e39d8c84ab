// What of the Python worker and master takes longer: the fuzzer with all its frames, and the contract with workers on Deno, which is
// installed into a folder of its own.
import { afterAll, expect, test } from "bun:test";
import { rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { PeerFolder } from "../bench/peer-folder.ts";
import { pythonSources, run, setUpPython } from "./python-rig.ts";

const deno = { name: `@deno/linux-${process.arch}-glibc`, version: "2.9.6" };
const setup = setUpPython();
afterAll(() => {
  if (!("missing" in setup)) rmSync(dirname(setup.wheel), { recursive: true, force: true });
});

/** Path of Deno, or why there is none and how it would be installed. */
function denoPath(): { readonly path: string } | { readonly missing: string } {
  const folder = join(import.meta.dir, "../node_modules/.cache/python-deno");
  const manifest = { private: true, dependencies: { [deno.name]: deno.version } };
  try {
    const runtimes = new PeerFolder({ folder, manifest });
    runtimes.install(() => undefined);
    return { path: runtimes.file(deno.name, "deno") };
  } catch (error) {
    return { missing: `${String(error)}; npm install --prefix ${folder} ${deno.name}@${deno.version}` };
  }
}

function runTests(files: readonly string[], env: Record<string, string>): void {
  if ("missing" in setup) throw new Error(setup.missing);
  const { exitCode, output } = run([join(setup.bin, "pytest"), "-q", ...files], { cwd: pythonSources, env });
  expect({ exitCode, output }).toMatchObject({ exitCode: 0 });
  expect(output).not.toContain("skipped");
}

if ("missing" in setup) test.skip(`the Python worker: ${setup.missing}`, () => undefined);
else {
  test("100,000 mutated frames do no harm to a Python master, nor to a worker", () => {
    runTests(["tests/test_fuzz.py"], { TEST_TIER: "full" });
  });

  const found = denoPath();
  if ("missing" in found) test.skip(`workers on Deno: ${found.missing}`, () => undefined);
  else {
    test("the contract holds between a Python master and workers on Deno", () => {
      runTests(["tests/test_contract.py", "-k", "deno"], { SLUICE_DENO: found.path });
    });
  }
}
