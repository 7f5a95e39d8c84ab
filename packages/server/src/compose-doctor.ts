// Looks at a project and its data folder from outside, without changing anything, and says what is wrong with them.
import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  fsyncSync,
  mkdtempSync,
  openSync,
  rmSync,
  statfsSync,
  statSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { attempt, systemClock } from "@sluice/core";
import type { Clock } from "@sluice/core";
import { dataFiles, lockFile } from "@sluice/core/store/sqlite";
import { checkData, newestRunAt, sqliteVersion, sqliteVersionMin } from "@sluice/core/store/sqlite/checks";
import type { BuildResult } from "./bundle-messages.ts";
import type { Bundler } from "./bundle.ts";
import { clockCheck, fileLimits, portCheck, rightsCheck, sqliteCheck } from "./compose-doctor-machine.ts";
import { tokenFile } from "./compose-token.ts";
import { loadSettings } from "./config-load.ts";
import { check } from "./doctor-check.ts";
import type { Check } from "./doctor-check.ts";
import { describeProblem } from "./project-deploy.ts";

export interface DoctorOptions {
  readonly project: string;
  readonly data: string;
  readonly modules: Readonly<Record<string, string>>;
  /** Oldest Bun that is known to work. */
  readonly bunVersionMin: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock?: Clock | undefined;
}

const freeBytesMin = 256 * 1024 * 1024;
const syncTrials = 20;
const syncSlowMs = 20;

/** Every check, in the order in which they are shown. `pid` is that of a server that runs over the data folder. */
export async function examine(
  options: DoctorOptions,
): Promise<{ readonly checks: readonly Check[]; readonly pid: number | undefined }> {
  const { data, bunVersionMin, clock = systemClock } = options;
  const fresh = Bun.semver.order(Bun.version, bunVersionMin) >= 0;
  const checks: Check[] = [
    fresh
      ? check("bun", "ok", `Bun ${Bun.version}`)
      : check("bun", "failed", `Bun ${Bun.version} is too old.`, `Use ${bunVersionMin} or newer.`),
    sqliteCheck(sqliteVersion(), sqliteVersionMin),
    ...fileLimits(),
  ];
  let pid: number | undefined;
  const folder = existsSync(data) && statSync(data).isDirectory() ? data : undefined;
  if (folder !== undefined) {
    pid = holderOf(data);
    checks.push(writable(data));
    if (pid !== undefined) checks.push(check("server", "ok", `A server runs here (process ${pid}).`));
    checks.push(...freeSpace(data), ...(await database(data, pid)), ...token(data), syncSpeed(data));
  } else if (existsSync(data)) checks.push(rightsCheck(data));
  else checks.push(check("data", "ok", `There is no data folder ${data} yet.`));
  const newestAt = folder === undefined ? undefined : newestRunAt(join(folder, dataFiles.database));
  checks.push(clockCheck({ clock, data: folder, newestAt }));
  checks.push(...(await project(options, pid !== undefined)));
  return { checks, pid };
}

/** Its settings, the port that they name, and its code. `served`: a server has the port already. */
async function project(options: DoctorOptions, served: boolean): Promise<Check[]> {
  const { env, modules } = options;
  if (!existsSync(options.project)) {
    return [check("project", "failed", `There is no folder ${options.project}.`, "Name the project with --project.")];
  }
  const sources = { project: options.project, flags: {}, env, defaults: { onDeploy: "pin" } } as const;
  const loaded = await attempt(() => loadSettings(sources, { modules }));
  if (!loaded.ok) return [check("settings", "failed", loaded.error.message, loaded.error.hint)];
  const { settings, bundler } = loaded.value;
  return [...(served ? [] : [await portCheck(settings)]), await code(bundler)];
}

function holderOf(data: string): number | undefined {
  if (!existsSync(join(data, dataFiles.lock))) return undefined;
  const held = lockFile(join(data, dataFiles.lock));
  if ("heldBy" in held) return held.heldBy;
  held.lock.release();
  return undefined;
}

function writable(data: string): Check {
  try {
    accessSync(data, constants.R_OK | constants.W_OK | constants.X_OK);
    return rightsCheck(data);
  } catch {
    return check(
      "data",
      "failed",
      `The data folder ${data} cannot be written to.`,
      "Give it to the user that runs the server.",
    );
  }
}

function freeSpace(data: string): Check[] {
  const { bavail, bsize } = statfsSync(data);
  const bytes = bavail * bsize;
  const text = `${Math.floor(bytes / 1024 / 1024)} MiB are free.`;
  return [
    bytes < freeBytesMin
      ? check("disk", "warning", text, "When the disk is full, starts are refused until there is room.")
      : check("disk", "ok", text),
  ];
}

/** A server that runs has looked at its database when it opened it; the full look needs the folder for itself. */
async function database(data: string, pid: number | undefined): Promise<Check[]> {
  if (pid !== undefined || !existsSync(join(data, dataFiles.database))) return [];
  const { sound, findings, runs, blobs } = await checkData({ folder: data });
  if (sound) return [check("database", "ok", `The database is whole: ${runs} runs, ${blobs} blobs.`)];
  return findings.map(({ message }) => check("database", "failed", message, restoreHint));
}

const restoreHint = "Restore a backup with `sluice restore`; what is there now is kept beside it.";

function token(data: string): Check[] {
  const path = join(data, tokenFile);
  if (!existsSync(path)) return [];
  const open = (statSync(path).mode & 0o077) !== 0;
  return [
    open
      ? check("token", "warning", `Others on this machine can read ${path}.`, `chmod 600 ${path}`)
      : check("token", "ok", "The token is readable by its owner only."),
  ];
}

/** How long the disk takes to make a write durable: every commit waits for that. */
function syncSpeed(data: string): Check {
  const path = join(data, `doctor-${process.pid}`);
  try {
    const file = openSync(path, "w", 0o600);
    const tookMs: number[] = [];
    for (let trial = 0; trial < syncTrials; trial++) {
      const from = performance.now();
      writeSync(file, "x");
      fsyncSync(file);
      tookMs.push(performance.now() - from);
    }
    closeSync(file);
    const median = tookMs.toSorted((a, b) => a - b)[syncTrials / 2] ?? 0;
    const text = `A durable write takes ${median.toFixed(2)} ms.`;
    return median > syncSlowMs
      ? check("fsync", "warning", text, "Each commit waits for that: a local disk is faster.")
      : check("fsync", "ok", text);
  } catch (error) {
    return check(
      "fsync",
      "failed",
      `Nothing can be written: ${error instanceof Error ? error.message : String(error)}`,
    );
  } finally {
    rmSync(path, { force: true });
  }
}

async function code(bundler: Bundler): Promise<Check> {
  const folder = mkdtempSync(join(tmpdir(), "sluice-doctor-"));
  try {
    return projectCheck(await bundler.build(folder));
  } finally {
    await bundler.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

function projectCheck(result: BuildResult): Check {
  if (!result.ok) return check("project", "failed", result.problems.map(describeProblem).join("\n"));
  const { workflows } = result;
  if (workflows.length === 0)
    return check("project", "warning", "There is no file in workflows/.", "`sluice init DIR` makes a first one.");
  return check("project", "ok", `The project can be bundled (${workflows.length} files with workflows).`);
}
