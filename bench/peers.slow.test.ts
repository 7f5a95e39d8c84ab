// The benchmark with its peers: installed into its own folder, measured beside ours in turns, each saying how it syncs. Few
// runs each: this shows that they are what they are said to be, not how fast.

import { beforeAll, describe, expect, test } from "bun:test";
import { existsSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { installPeers, peerVersions } from "./workflow/peers.ts";
import type { Report } from "./workflow/report.ts";

const root = join(import.meta.dir, "..");
const peersFolder = join(import.meta.dir, ".peers");
const postgresNames = ["dbos-direct", "dbos-queued", "graphile-worker"];

/** Why the peers cannot be installed here, if they cannot: a registry need not have them. */
const problem = ((): string | undefined => {
  try {
    installPeers(() => undefined);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
})();

/** PostgreSQL refuses to run as root; whom it runs as then must be able to walk to this folder. */
function othersCanWalkTo(folder: string): boolean {
  const walkable = (statSync(folder).mode & 0o001) !== 0;
  return walkable && (folder === dirname(folder) || othersCanWalkTo(dirname(folder)));
}
const postgres = process.getuid?.() !== 0 || othersCanWalkTo(import.meta.dir);

describe.skipIf(problem !== undefined)(`the peers${problem === undefined ? "" : ` (${problem})`}`, () => {
  let report: Report;
  let said: readonly string[];
  let printed: string;

  beforeAll(() => {
    const only = ["sluice", "restate", "openworkflow", ...(postgres ? ["dbos", "graphile-worker"] : [])].join(",");
    const args = ["workflow", "--quick", "--only", only, "--cases", "steps3,throughput", "--rounds", "2"];
    const ran = Bun.spawnSync([process.execPath, join(import.meta.dir, "main.ts"), ...args]);
    said = ran.stderr.toString().trimEnd().split("\n");
    printed = ran.stdout.toString().trimEnd();
    expect([ran.exitCode, said.slice(-5)]).toEqual([0, said.slice(-5)]);
    report = JSON.parse(printed.split("\n").at(-1) ?? "") as Report;
  }, 600_000);

  function figureOf(name: string): number {
    const { figures, failures } = report.contenders[name] ?? {};
    expect([name, failures]).toEqual([name, []]);
    expect(figures?.["steps3.p50Ms"]?.rounds).toHaveLength(2);
    expect(figures?.["runs256.perSecond"]?.median).toBeGreaterThan(0);
    return figures?.["steps3.p50Ms"]?.median ?? 0;
  }

  test("are measured beside ours, in turns, in a table and a line of JSON", () => {
    const titles = Object.values(report.contenders).map(({ title }) => title);
    const turns = said.filter((line) => line.startsWith("round ")).map((line) => line.split(": ")[1]);
    expect(turns).toEqual([...titles, ...titles.toReversed()]);
    expect(printed).toContain(`| ${titles.join(" | ")} |`);
    for (const name of ["sluice-embedded", "sluice-http"]) expect(figureOf(name)).toBeGreaterThan(0);
  });

  test("are Restate: its server and its TypeScript SDK, and bars are held against it", () => {
    expect(figureOf("restate")).toBeGreaterThan(0);
    expect(report.bars.filter(({ kind, measured }) => kind === "ratio" && measured !== null).length).toBeGreaterThan(3);
  });

  test("are OpenWorkflow on SQLite", () => {
    for (const name of ["openworkflow-tick", "openworkflow-polled"]) expect(figureOf(name)).toBeGreaterThan(0);
  });

  test.skipIf(!postgres)("are DBOS and graphile-worker on embedded PostgreSQL", () => {
    for (const name of postgresNames) expect(figureOf(name)).toBeGreaterThan(0);
  });

  test("sync what they acknowledge, and each says how", () => {
    for (const [name, { durability }] of Object.entries(report.contenders)) {
      const how = /durability "full"|disable-wal-fsync = false|synchronous = FULL|fsync = on, synchronous_commit = on/;
      expect([name, how.test(durability ?? "")]).toEqual([name, true]);
    }
    expect(report.dataInMemory).toBe(false);
    expect(report.fsync.p50).toBeGreaterThan(0);
    expect(printed).toMatch(/^fdatasync of a 4 KiB append: p50 [\d.,]+ ms/m);
  });

  test("are installed by the benchmark, pinned, into its own folder and nowhere else", () => {
    for (const [name, version] of Object.entries(peerVersions)) {
      const manifest = readFileSync(join(peersFolder, "node_modules", name, "package.json"), "utf8");
      expect([name, (JSON.parse(manifest) as { version: string }).version]).toEqual([name, version]);
      expect([name, existsSync(join(root, "node_modules", name))]).toEqual([name, false]);
      expect(readFileSync(join(root, "package-lock.json"), "utf8")).not.toContain(`"node_modules/${name}"`);
    }
  });
});
