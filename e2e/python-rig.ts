// A Python with the packed wheel of workers/python in it, as a user would have it, and with the tools of its tests. What has to
// come from the package index is kept beside node_modules; the wheel is built and installed anew each time.
import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const root = join(import.meta.dir, "..");

/** Sources of the Python package. */
export const pythonSources = join(root, "workers/python");

export interface Ran {
  readonly exitCode: number;
  readonly output: string;
}

interface PythonRig {
  /** Folder with `python`, `pip` and `sluice-worker`. */
  readonly bin: string;
  /** The packed wheel. */
  readonly wheel: string;
}

/** A Python to work with, or why there is none and what to do about it. */
export type PythonSetup = PythonRig | { readonly missing: string };

/** Runs a command to its end. */
export function run(command: readonly string[], options: { cwd?: string; env?: Record<string, string> } = {}): Ran {
  const { PYTHONPATH: _, PYTHONHOME: __, ...inherited } = process.env;
  const { exitCode, stdout, stderr } = Bun.spawnSync([...command], {
    cwd: options.cwd ?? root,
    env: { ...inherited, PIP_DISABLE_PIP_VERSION_CHECK: "1", PYTHONDONTWRITEBYTECODE: "1", ...options.env },
  });
  return { exitCode, output: stdout.toString() + stderr.toString() };
}

function demand(command: readonly string[]): string {
  const { exitCode, output } = run(command);
  if (exitCode !== 0) throw new Error(`${command.join(" ")} ended with ${exitCode}:\n${output.slice(-2_000)}`);
  return output;
}

/** Folder of the environment with what comes from the package index; made at the first use. */
function environment(version: string): string {
  const wanted = version + readFileSync(join(pythonSources, "pyproject.toml"), "utf8");
  const key = createHash("sha256").update(wanted).digest("hex").slice(0, 16);
  const folder = join(root, "node_modules/.cache/sluice-python", key);
  const ready = join(folder, "ready");
  if (existsSync(ready)) return folder;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  demand(["python3", "-m", "venv", folder]);
  const listed = (pattern: RegExp): string[] =>
    Array.from((pattern.exec(wanted)?.[1] ?? "").matchAll(/"([^"]+)"/g), (match) => match[1] ?? "");
  const packages = [/^dependencies = \[(.*)\]$/m, /^test = \[(.*)\]$/m, /^requires = \[(.*)\]$/m].flatMap(listed);
  demand([join(folder, "bin/pip"), "install", "--quiet", "--no-input", ...packages]);
  writeFileSync(`${ready}.new`, "");
  renameSync(`${ready}.new`, ready);
  return folder;
}

/** Builds the wheel and installs it. */
export function setUpPython(): PythonSetup {
  const asked =
    Bun.which("python3") === null
      ? undefined
      : run(["python3", "-c", "import sys, venv, ensurepip; print(sys.version)"]);
  if (asked?.exitCode !== 0) return { missing: "no python3 with venv here: apt-get install python3 python3-venv" };
  const [, minor = "0"] = /^3\.(\d+)\./.exec(asked.output) ?? [];
  if (Number(minor) < 10) return { missing: `Python 3.10 or newer is needed, this is ${asked.output.split(" ")[0]}` };
  const bin = join(environment(asked.output), "bin");
  const folder = mkdtempSync(join(tmpdir(), "sluice-wheel-"));
  const build = ["--no-deps", "--no-build-isolation", "--quiet", "--wheel-dir", folder];
  demand([join(bin, "pip"), "wheel", ...build, pythonSources]);
  const wheel = join(folder, readdirSync(folder).find((name) => name.endsWith(".whl")) ?? "");
  demand([join(bin, "pip"), "install", "--quiet", "--no-deps", "--no-index", "--force-reinstall", wheel]);
  return { bin, wheel };
}

// For tests that stand elsewhere: they cannot import this.
if (import.meta.main) console.log(JSON.stringify(setUpPython()));
