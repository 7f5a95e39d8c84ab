// The suite of the server with its peer: installed into its own folder, measured beside ours in turns with the same answers.

import { describe, expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { peers, peerVersions } from "./peers.ts";
import type { Report } from "./report.ts";

/** Why the peers cannot be installed here, if they cannot: a registry need not have them. */
const problem = ((): string | undefined => {
  try {
    peers.install(() => undefined);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
})();

describe.skipIf(problem !== undefined)(`Hono on Node${problem === undefined ? "" : ` (${problem})`}`, () => {
  test("is measured beside ours, in turns, with the same runs and the same token", () => {
    const args = ["server", "--quick", "--rounds", "2", "--cases", "alone,mixed"];
    const ran = Bun.spawnSync([process.execPath, join(import.meta.dir, "../main.ts"), ...args]);
    const said = ran.stderr.toString();
    expect({ exitCode: ran.exitCode, said }).toEqual({ exitCode: 0, said });
    const turns = said.split("\n").filter((line) => line.startsWith("round "));
    expect(turns).toEqual([
      "round 1: Sluice: alone, mixed",
      "round 1: Hono on Node: alone, mixed",
      "round 2: Hono on Node: alone, mixed",
      "round 2: Sluice: alone, mixed",
    ]);
    const report = JSON.parse(ran.stdout.toString().trimEnd().split("\n").at(-1) ?? "") as Report;
    for (const [name, { figures, failures }] of Object.entries(report.contenders)) {
      expect([name, failures]).toEqual([name, []]);
      expect(Object.keys(figures)).toHaveLength(7);
      for (const { p99 } of Object.values(figures)) expect(p99.rounds).toHaveLength(2);
    }
  }, 120_000);

  test("is installed by the benchmark, pinned, into its own folder", () => {
    for (const [name, version] of Object.entries(peerVersions)) {
      const path = peers.file(name, "package.json");
      expect([name, existsSync(path)]).toEqual([name, true]);
      const { version: found } = JSON.parse(readFileSync(path, "utf8")) as { readonly version: string };
      expect([name, found]).toEqual([name, version]);
    }
  });
});
