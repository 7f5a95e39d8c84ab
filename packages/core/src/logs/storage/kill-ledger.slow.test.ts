// The ledger: a store under load is killed a hundred times, what was not acknowledged is sent again, and every acknowledged entry is
// there exactly once, wherever sealing and archiving have brought it.
import { expect, test } from "bun:test";
import { join } from "node:path";
import { LogFolder } from "./folder.fixture.suite.ts";
import { linesOf } from "./kill-ledger-child.suite.ts";

const kills = 100;
const acksMax = 60;
const child = join(import.meta.dir, "kill-ledger-child.suite.ts");

test("a store that is killed a hundred times under load has every acknowledged entry once", async () => {
  using folder = new LogFolder();
  const acknowledged = new Set<number>();
  let state = 7;
  /** Seeded, so that what fails can be looked at again. */
  const random = (below: number): number => (state = (Math.imul(state, 48_271) >>> 0) % 2_147_483_647) % below;
  for (let kill = 0; kill < kills; kill++) {
    let from = 0;
    while (acknowledged.has(from)) from++;
    const killed = Bun.spawn([process.execPath, child, folder.path, String(from)], {
      stdout: "pipe",
      stderr: "inherit",
    });
    const wanted = 1 + random(acksMax);
    let [said, acks] = ["", 0];
    const decoder = new TextDecoder();
    for await (const piece of killed.stdout) {
      said += decoder.decode(piece, { stream: true });
      acks = said.split("\n").length - 1;
      if (acks >= wanted) killed.kill("SIGKILL");
    }
    await killed.exited;
    expect([kill, killed.signalCode]).toEqual([kill, "SIGKILL"]);
    // The last line may be cut.
    for (const line of said.split("\n").slice(0, -1)) acknowledged.add(Number(line));
  }
  const files = folder.open();
  // It was sealed and archived meanwhile, or this would show less than it says.
  expect(files.state.sealed).toBeGreaterThan(0);
  expect(files.catalog.days().filter(({ batches }) => batches.length > 0).length).toBeGreaterThan(0);
  files.close();
  const counts = new Map<string, number>();
  for (const { line } of folder.all()) counts.set(line, (counts.get(line) ?? 0) + 1);
  expect([...counts.values()].filter((count) => count !== 1)).toEqual([]);
  const lost = [...acknowledged].flatMap(linesOf).filter((line) => !counts.has(line));
  expect(lost).toEqual([]);
  expect(acknowledged.size).toBeGreaterThan(kills);
}, 600_000);
