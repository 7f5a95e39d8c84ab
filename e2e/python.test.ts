// The Python worker and master: their own tests, each a case here, run on the wheel that is packed and installed first, under the
// type checker and against workers of the other runtimes.
import { afterAll, describe, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { parseJunit } from "../scripts/junit.ts";
import { pythonSources, run, setUpPython } from "./python-rig.ts";

const work = mkdtempSync(join(tmpdir(), "sluice-python-"));
const report = join(work, "report.xml");
const setup = setUpPython();
const suite = "missing" in setup ? undefined : runSuite(setup.bin);
afterAll(() => {
  rmSync(work, { recursive: true, force: true });
  if (!("missing" in setup)) rmSync(dirname(setup.wheel), { recursive: true, force: true });
});

function runSuite(bin: string): { readonly output: string; readonly cases: ReturnType<typeof parseJunit> } {
  const { output } = run([join(bin, "pytest"), "-q", `--junitxml=${report}`], { cwd: pythonSources });
  return { output, cases: parseJunit(readFileSync(report, "utf8")) };
}

if ("missing" in setup) test.skip(`the Python worker: ${setup.missing}`, () => undefined);
else {
  const { bin, wheel } = setup;

  test("the wheel holds the package with its types, and needs msgpack only", () => {
    const listed = run([join(bin, "python"), "-m", "zipfile", "--list", wheel]).output;
    for (const path of ["sluice_worker/__init__.py", "sluice_worker/py.typed", "sluice_worker/master/daemon.py"]) {
      expect(listed).toContain(path);
    }
    expect(listed).not.toContain("test_");
    const needs = "import importlib.metadata as m; print([r for r in m.requires('sluice-worker') if 'extra' not in r])";
    expect(run([join(bin, "python"), "-c", needs]).output.trim()).toMatch(/^\['msgpack[^',]*,?[^',]*'\]$/);
  });

  test("the types are strict, in the package and its tests", () => {
    const { exitCode, output } = run([join(bin, "mypy")], {
      cwd: pythonSources,
      env: { MYPY_CACHE_DIR: join(work, "mypy") },
    });
    expect({ exitCode, output }).toMatchObject({ exitCode: 0 });
  });

  test("there are many tests, and they are of the installed wheel", () => {
    expect(suite?.cases.length).toBeGreaterThan(300);
    const where = run([join(bin, "python"), "-c", "import sluice_worker; print(sluice_worker.__file__)"]).output;
    expect(where).toStartWith(dirname(bin));
  });

  describe("pytest", () => {
    for (const { name, outcome, message } of suite?.cases ?? []) {
      if (outcome === "skipped") test.skip(`${name} (${message})`, () => undefined);
      else {
        test(name, () => {
          if (outcome === "failed") throw new Error(`${message}\n${suite?.output.slice(-8_000)}`);
        });
      }
    }
  });
}
