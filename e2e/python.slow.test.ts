// What of the Python worker and master takes longer: the fuzzer with all its frames, the contract with workers on Deno, and the newest
// Python there is to install, CPython 3.14 in WebAssembly; both are installed into folders of their own.
import { afterAll, expect, test } from "bun:test";
import { rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { PeerFolder } from "../bench/peer-folder.ts";
import { pythonSources, run, setUpPython } from "./python-rig.ts";

const deno = { name: `@deno/linux-${process.arch}-glibc`, version: "2.9.6" };
const pyodide = { name: "pyodide", version: "314.0.7" };
const setup = setUpPython();
afterAll(() => {
  if (!("missing" in setup)) rmSync(dirname(setup.wheel), { recursive: true, force: true });
});

/** Path of a file in a package, or why there is none and how it would be installed. */
function installed(of: typeof deno, file: string): { readonly path: string } | { readonly missing: string } {
  const folder = join(import.meta.dir, "../node_modules/.cache", `python-${file.replace(/\..*/, "")}`);
  const manifest = { private: true, dependencies: { [of.name]: of.version } };
  try {
    const runtimes = new PeerFolder({ folder, manifest });
    runtimes.install(() => undefined);
    return { path: runtimes.file(of.name, file) };
  } catch (error) {
    return { missing: `${String(error)}; npm install --prefix ${folder} ${of.name}@${of.version}` };
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

  const wasm = installed(pyodide, "pyodide.mjs");
  if ("missing" in wasm) test.skip(`Python 3.14: ${wasm.missing}`, () => undefined);
  else {
    test("every module loads on Python 3.14, and what needs neither socket nor process does what it should", () => {
      const where = "import sysconfig; print(sysconfig.get_path('purelib'))";
      const site = run([join(setup.bin, "python"), "-c", where]).output.trim();
      const program = join(pythonSources, "tests/wasm.mjs");
      const files = ["frames", "values", "blobs", "websocket", "shared", "master", "cli"].map(
        (name) => `tests/test_${name}.py`,
      );
      const root = join(import.meta.dir, "..");
      const { exitCode, output } = run(["node", program, dirname(wasm.path), root, site, ...files]);
      expect({ exitCode, output }).toMatchObject({ exitCode: 0, output: expect.stringContaining("Python 3.14.") });
      expect(Number(/(\d+) passed/.exec(output)?.[1])).toBeGreaterThan(300);
    });
  }

  const found = installed(deno, "deno");
  if ("missing" in found) test.skip(`workers on Deno: ${found.missing}`, () => undefined);
  else {
    test("the contract holds between a Python master and workers on Deno", () => {
      runTests(["tests/test_contract.py", "-k", "deno"], { SLUICE_DENO: found.path });
    });
  }
}
