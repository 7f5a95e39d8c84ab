// `sluice doctor` on machines that have something wrong with them.
import { afterAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cleanEnv, main, readyLine, sluice, startSluice, stop } from "./cli-process.ts";
import { buildShim, shimEnv } from "./fsync-shim.ts";
import { writeProject } from "./server-process.ts";

const work = mkdtempSync(join(tmpdir(), "sluice-doctoring-"));
const project = join(work, "project");
const data = join(project, ".sluice");
const shim = buildShim(work);

writeProject(project, {
  "workflows/a.ts":
    'import { workflow } from "sluice";\nexport const a = workflow({ name: "a" }, async (ctx) => ctx.sleep("long", "1 day"));\n',
});
afterAll(() => rmSync(work, { recursive: true, force: true }));

interface Report {
  readonly ok: boolean;
  readonly checks: readonly { readonly name: string; readonly state: string; readonly message: string }[];
}

const reportOf = (stdout: string): Report => JSON.parse(stdout) as Report;
const stateOf = (report: Report, name: string): string | undefined =>
  report.checks.find((check) => check.name === name)?.state;
const doctor = (...args: readonly string[]) => sluice(["doctor", "--project", project, "--json", ...args]);

describe("the doctor", () => {
  test("finds a sound machine sound", async () => {
    const running = startSluice(["up", "--project", project, "--port", "0", "--json"]);
    await readyLine(running);
    expect(await stop(running)).toBe(0);
    writeFileSync(join(project, "sluice.config.ts"), "export default { port: 0 };\n");
    const { exitCode, stdout } = await doctor();
    const report = reportOf(stdout);
    expect(report.checks.filter(({ state }) => state === "failed")).toEqual([]);
    expect({ exitCode, ok: report.ok }).toEqual({ exitCode: 0, ok: true });
    const names = ["bun", "sqlite", "files", "data", "disk", "database", "token", "fsync", "clock", "port", "project"];
    expect(report.checks.map(({ name }) => name)).toEqual(names);
  }, 30_000);

  test("finds the port of the settings taken", async () => {
    const taken = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Response("") });
    writeFileSync(join(project, "sluice.config.ts"), `export default { port: ${taken.port} };\n`);
    const { exitCode, stdout } = await doctor();
    await taken.stop(true);
    expect({ exitCode, state: stateOf(reportOf(stdout), "port") }).toEqual({ exitCode: 1, state: "failed" });
  }, 30_000);

  test("finds settings that make no sense", async () => {
    writeFileSync(join(project, "sluice.config.ts"), "export default { prot: 1 };\n");
    const { exitCode, stdout } = await doctor();
    expect({ exitCode, state: stateOf(reportOf(stdout), "settings") }).toEqual({ exitCode: 1, state: "failed" });
    writeFileSync(join(project, "sluice.config.ts"), "export default { port: 0 };\n");
  }, 30_000);

  test("finds that too few files may be open", async () => {
    const child = Bun.spawn(
      [
        "sh",
        "-c",
        'ulimit -n 512 && exec "$@"',
        "sh",
        process.execPath,
        main,
        "doctor",
        "--project",
        project,
        "--json",
      ],
      { env: cleanEnv(), stdout: "pipe", stderr: "inherit" },
    );
    expect(stateOf(reportOf(await child.stdout.text()), "files")).toBe("warning");
  }, 30_000);

  test.skipIf(shim === undefined)(
    "finds that the disk is slow",
    async () => {
      const env = shimEnv({ library: shim ?? "", root: data, log: join(work, "log"), delayMs: 30 });
      const ran = await sluice(["doctor", "--project", project, "--json"], { env });
      expect(stateOf(reportOf(ran.stdout), "fsync")).toBe("warning");
    },
    30_000,
  );

  test("finds a data folder that is no folder", async () => {
    writeFileSync(join(work, "file"), "");
    const { exitCode, stdout } = await doctor("--data", join(work, "file"));
    expect({ exitCode, state: stateOf(reportOf(stdout), "data") }).toEqual({ exitCode: 1, state: "failed" });
  }, 30_000);
});
