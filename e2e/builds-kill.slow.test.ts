// Builds that are killed at any moment, one after the other: what comes out of the cache is never wrong, and every build goes on.
import { afterAll, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { sluice, startSluice } from "./cli-process.ts";

const work = mkdtempSync(join(tmpdir(), "sluice-builds-kill-"));
afterAll(() => rmSync(work, { recursive: true, force: true }));

const roundsMax = 100;
/** On a machine with much else to do there are fewer rounds, not more time. */
const boundMs = 60_000;
const packages = 6;
const variants = 3;
/** About twice what a build takes. */
const killedAfterMsMax = 1_500;

/** Repeatable: the round says what happens in it. */
function drawn(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state / 2_147_483_648;
  };
}

function write(path: string, text: string): void {
  mkdirSync(dirname(join(work, path)), { recursive: true });
  writeFileSync(join(work, path), text);
}

const sourceOf = (at: number): string => `packages/p${at}/src/a`;
const outOf = (at: number): string => join(work, `packages/p${at}/dist/out`);
const dependencies = (at: number): readonly number[] => (at < 2 ? [] : [at - 1, at - 2]);

function workspace(): void {
  write("package.json", JSON.stringify({ name: "shop", workspaces: ["packages/*"], packageManager: "npm@10.2.0" }));
  write("turbo.json", JSON.stringify({ tasks: { build: { dependsOn: ["^build"], outputs: ["dist/**"] } } }));
  write(".gitignore", "dist\n.sluice\n");
  for (let at = 0; at < packages; at++) {
    const upstream = dependencies(at).map((other) => `../p${other}/dist/out`);
    const build = `mkdir -p dist && for i in 1 2 3; do cat ${["src/a", ...upstream].join(" ")}; sleep 0.01; done > dist/part && mv dist/part dist/out`;
    const asked = Object.fromEntries(dependencies(at).map((other) => [`p${other}`, "*"]));
    write(
      `packages/p${at}/package.json`,
      JSON.stringify({ name: `p${at}`, main: "dist/out", scripts: { build }, dependencies: asked }),
    );
    write(sourceOf(at), `${at} 0\n`);
  }
}

/** What a package's build leaves. */
function expected(at: number): string {
  const one = [readFileSync(join(work, sourceOf(at)), "utf8"), ...dependencies(at).map(expected)].join("");
  return one.repeat(3);
}

function check(): void {
  for (let at = 0; at < packages; at++) expect([at, readFileSync(outOf(at), "utf8")]).toEqual([at, expected(at)]);
}

test("a build goes on after kill -9 at any moment, and never takes something wrong from the cache", async () => {
  workspace();
  const startedAt = performance.now();
  let rounds = 0;
  let killed = 0;
  for (; rounds < roundsMax && performance.now() - startedAt < boundMs; rounds++) {
    const draw = drawn(rounds + 1);
    for (let at = 0; at < packages; at++)
      if (draw() < 0.3) write(sourceOf(at), `${at} ${Math.floor(draw() * variants)}\n`);
    if (draw() < 0.3)
      for (let at = 0; at < packages; at++)
        if (draw() < 0.5) rmSync(dirname(outOf(at)), { recursive: true, force: true });
    const build = startSluice(["build", "--concurrency", "3"], { cwd: work });
    const killMs = draw() * killedAfterMsMax;
    const end = await Promise.race([build.exited, Bun.sleep(killMs).then(() => undefined)]);
    if (end === undefined) {
      build.kill("SIGKILL");
      await build.exited;
      killed++;
      // Every third is gone on with; the others meet what the next round changes.
      if (rounds % 3 !== 0) continue;
      const again = await sluice(["build"], { cwd: work });
      expect([rounds, again.exitCode, again.stderr]).toEqual([rounds, 0, ""]);
    }
    check();
  }
  const last = await sluice(["build"], { cwd: work });
  expect([last.exitCode, last.stderr]).toEqual([0, ""]);
  check();
  for (let at = 0; at < packages; at++) rmSync(dirname(outOf(at)), { recursive: true, force: true });
  const restored = await sluice(["build", "--json"], { cwd: work });
  const { tasks } = JSON.parse(restored.stdout) as { readonly tasks: readonly { readonly cache: string }[] };
  expect(tasks.map(({ cache }) => cache)).toEqual(Array.from({ length: packages }, () => "hit"));
  check();
  console.log(`${rounds} builds, ${killed} of them killed`);
  expect(killed).toBeGreaterThan(0);
}, 600_000);
