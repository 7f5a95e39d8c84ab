// The Python worker and master: their own tests, each a case here, run on the wheel that is packed and installed first, under the
// type checker and against workers of the other runtimes.
import { afterAll, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { parseJunit } from "../scripts/junit.ts";
import { followPage, fragments } from "./python-docs.ts";
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

function freePort(): number {
  const listener = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data: () => undefined } });
  listener.stop(true);
  return listener.port;
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

  test("docs/python.md can be followed: a worker runs the tests of a repository for a Python master", () => {
    const folder = join(work, "docs");
    mkdirSync(folder);
    expect(followPage(folder, { bin, port: freePort() })).toBeUndefined();
  });

  test("the fragments of docs/python.md are typed", () => {
    const names = "Build, BuildResult, MessageType, Task, Worker";
    const head = `from tempfile import TemporaryDirectory\n\nfrom sluice_worker import ${names}\n\n`;
    const body = fragments().map((text) => text.replaceAll(/^/gm, "    "));
    const file = join(work, "fragments.py");
    writeFileSync(file, `${head}async def page(worker: Worker) -> None:\n${body.join("\n\n")}\n`);
    const { exitCode, output } = run([join(bin, "mypy"), "--strict", file], {
      cwd: work,
      env: { MYPY_CACHE_DIR: join(work, "mypy") },
    });
    expect({ exitCode, output }).toMatchObject({ exitCode: 0 });
    expect(body.length).toBe(3);
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
