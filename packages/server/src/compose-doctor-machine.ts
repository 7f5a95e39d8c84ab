// What a server needs of the machine it runs on: versions, limits, a clock that can be trusted, a port, a folder of its own.
import { readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Clock } from "@sluice/core";
import { check } from "./doctor-check.ts";
import type { Check } from "./doctor-check.ts";

/** Files and connections that a server should be able to have open: each client is one, and each worker a few. */
const openFilesMin = 4_096;
/** No server runs before this was written. */
const earliestMs = Date.UTC(2026, 0, 1);
/** The clock may be behind what was written last by as much: clocks are set right now and then. */
const behindMsMax = 60_000;
/** A file's own time may differ from the clock's by as much. */
const fileDriftMsMax = 2_000;

/** Whether the SQLite of this runtime is new enough. */
export function sqliteCheck(version: string, least: readonly number[]): Check {
  const parts = version.split(".").map(Number);
  const at = least.findIndex((part, index) => (parts[index] ?? 0) !== part);
  const enough = at < 0 || (parts[at] ?? 0) > (least[at] ?? 0);
  return enough
    ? check("sqlite", "ok", `SQLite ${version}`)
    : check(
        "sqlite",
        "failed",
        `SQLite ${version} is too old: ${least.join(".")} or newer is needed.`,
        "Use the Bun that comes with the package.",
      );
}

/** How many files this process may have open, from /proc/self/limits; nothing where there is no such file. */
export function fileLimits(path = "/proc/self/limits"): Check[] {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch {
    return [];
  }
  // Bun raises the soft limit to the hard one when it starts.
  const [, , hard = ""] = /^Max open files +(\S+) +(\S+)/m.exec(text) ?? [];
  const told = `${hard} files and connections may be open.`;
  return hard === "unlimited" || Number(hard) >= openFilesMin
    ? [check("files", "ok", told)]
    : [
        check(
          "files",
          "warning",
          told,
          `Raise the limit to ${openFilesMin} or more: LimitNOFILE= of a systemd unit, or ulimit -n.`,
        ),
      ];
}

/** Whether the clock can be right. `newestAt`: when the newest run was started; milliseconds since 1970. */
export function clockCheck(p: {
  readonly clock: Clock;
  readonly data: string | undefined;
  readonly newestAt: number | undefined;
}): Check {
  const now = p.clock.now();
  const time = new Date(now).toISOString();
  const hint = "Set the clock, and keep it right with NTP: timers and schedules go by it.";
  if (now < earliestMs) return check("clock", "failed", `The clock says ${time}.`, hint);
  if (p.newestAt !== undefined && p.newestAt - now > behindMsMax) {
    const newest = new Date(p.newestAt).toISOString();
    return check("clock", "failed", `The clock says ${time}, and a run was started at ${newest}.`, hint);
  }
  const driftMs = p.data === undefined ? 0 : fileDriftMs(p.data, p.clock);
  if (Math.abs(driftMs) > fileDriftMsMax) {
    const message = `Files in the data folder are dated ${Math.round(driftMs)} ms from the clock.`;
    return check("clock", "warning", message, "Is it on a network? It belongs on a local disk.");
  }
  return check("clock", "ok", `The clock says ${time}.`);
}

function fileDriftMs(data: string, clock: Clock): number {
  const path = join(data, `doctor-clock-${process.pid}`);
  try {
    writeFileSync(path, "", { mode: 0o600 });
    return statSync(path).mtimeMs - clock.now();
  } catch {
    // That nothing can be written here is told by another check.
    return 0;
  } finally {
    rmSync(path, { force: true });
  }
}

/** Whether a server could listen on this address. */
export async function portCheck({ host, port }: { readonly host: string; readonly port: number }): Promise<Check> {
  try {
    const server = Bun.serve({ hostname: host, port, fetch: () => new Response(null, { status: 503 }) });
    await server.stop(true);
    return check("port", "ok", port === 0 ? "Any port will do." : `${host}:${port} is free.`);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "EADDRINUSE") {
      const hint = "Stop it, or choose another port with --port.";
      return check("port", "failed", `Another process listens on ${host}:${port}.`, hint);
    }
    const hint =
      code === "EACCES" ? "Ports below 1024 need a privilege: choose another, and a proxy in front." : "Try --host.";
    return check("port", "failed", `Nothing can listen on ${host}:${port}: ${String(error)}`, hint);
  }
}

/** Whether the data folder is one, and its owner's alone. */
export function rightsCheck(data: string): Check {
  const { mode, uid } = statSync(data);
  if (!statSync(data).isDirectory()) {
    return check("data", "failed", `${data} is no folder.`, "Choose another with --data.");
  }
  const own = process.getuid?.() ?? uid;
  if (uid !== own) {
    const message = `The data folder ${data} belongs to another user (${uid}, this is ${own}).`;
    return check("data", "warning", message, "Run the doctor as the user that runs the server.");
  }
  if ((mode & 0o077) !== 0) {
    const message = `Others on this machine can look into the data folder ${data}.`;
    return check("data", "warning", message, `chmod 700 ${data}`);
  }
  return check("data", "ok", `The data folder is ${data}.`);
}
