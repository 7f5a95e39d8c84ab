// `.ci/run` from the clone to the closing line, with an npm that plays its part in no time: what it runs, adds up and refuses.

import { afterAll, beforeAll, expect, test } from "bun:test";
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

const root = join(import.meta.dir, "..");
const work = mkdtempSync(join(tmpdir(), "sluice-ci-"));
const repository = join(work, "repository");
const bin = join(work, "bin");
const calls = join(work, "calls");

/** `npm start` serves `/ready` until SIGTERM; other scripts print what `PLAY` has for them and exit with its code. */
const npm = `#!/usr/bin/env node
const { appendFileSync, existsSync } = require("node:fs");
const [what, script] = process.argv.slice(2);
const call = what === "run" ? script : what;
appendFileSync(process.env.CALLS, JSON.stringify({ call, home: process.env.HOME, litter: existsSync("litter") }) + "\\n");
const { line, code = 0, ms = 0 } = JSON.parse(process.env.PLAY)[call] ?? {};
if (call === "start") {
  const server = require("node:http").createServer((_request, response) => response.end("ok"));
  server.listen(Number(process.env.SLUICE_PORT), "127.0.0.1");
  process.on("SIGTERM", () => process.exit(code));
} else {
  setTimeout(() => { console.log("ok  something\\n" + line); process.exit(code); }, ms);
}
`;

interface Play {
  readonly line?: string;
  readonly code?: number;
  readonly ms?: number;
}
const fine: Readonly<Record<string, Play>> = {
  test: { line: "7 passed, 0 failed" },
  "test:full": { line: "9 passed, 0 failed, 2 skipped" },
};

function git(...args: string[]): void {
  const identity = ["-c", "user.name=ci", "-c", "user.email=ci@example.com"];
  const ran = Bun.spawnSync(["git", ...identity, ...args], { cwd: repository });
  if (ran.exitCode !== 0) throw new Error(ran.stderr.toString());
}

beforeAll(() => {
  for (const path of [".ci/run", "scripts/ci.mjs"]) {
    mkdirSync(dirname(join(repository, path)), { recursive: true });
    cpSync(join(root, path), join(repository, path));
  }
  // What the machine lacks is installed by a script that needs a network and rights.
  writeFileSync(join(repository, "scripts/ci-setup.sh"), "true\n");
  git("init", "--quiet");
  git("add", ".");
  git("commit", "--quiet", "--message", "all");
  writeFileSync(join(repository, "litter"), "not committed");
  mkdirSync(bin);
  writeFileSync(join(bin, "npm"), npm);
  chmodSync(join(bin, "npm"), 0o755);
});
afterAll(() => rmSync(work, { recursive: true, force: true }));

async function freePort(): Promise<string> {
  const server = Bun.serve({ port: 0, fetch: () => new Response("") });
  const { port } = server;
  await server.stop(true);
  return String(port);
}

async function ci(
  play: Readonly<Record<string, Play>>,
  more: Readonly<Record<string, string>> = {},
): Promise<{ readonly exitCode: number; readonly lines: readonly string[] }> {
  rmSync(calls, { force: true });
  const env = { ...process.env, PATH: `${bin}:${process.env["PATH"]}`, CALLS: calls, PLAY: JSON.stringify(play) };
  const child = Bun.spawn(["bash", join(repository, ".ci/run")], {
    env: { ...env, SLUICE_PORT: await freePort(), ...more },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const [stdout, , exitCode] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  return { exitCode, lines: stdout.trimEnd().split("\n") };
}

test("a clean clone with an empty home runs start until it is ready, then test, then test:full, and one line closes all", async () => {
  const { exitCode, lines } = await ci(fine);
  const seen = readFileSync(calls, "utf8").trimEnd().split("\n");
  const called = seen.map((line) => JSON.parse(line) as { call: string; home: string; litter: boolean });
  expect(called.map(({ call }) => call)).toEqual(["start", "test", "test:full"]);
  expect(called.some(({ litter }) => litter)).toBe(false);
  expect(new Set(called.map(({ home }) => home)).has(process.env["HOME"] ?? "")).toBe(false);
  expect(existsSync(called[0]?.home ?? "")).toBe(false);
  expect(lines.at(-1)).toBe("17 passed, 0 failed, 2 skipped");
  expect(exitCode).toBe(0);
});

test.each([
  ["a failing test", { test: { line: "6 passed, 1 failed", code: 1 } }, "16 passed, 1 failed, 2 skipped"],
  ["an exit code that disagrees", { test: { line: "7 passed, 0 failed", code: 1 } }, "17 passed, 1 failed, 2 skipped"],
  ["no closing line", { "test:full": { line: "Segmentation fault", code: 1 } }, "8 passed, 1 failed"],
  ["a start that does not stop well", { start: { code: 3 } }, "16 passed, 1 failed, 2 skipped"],
])("%s fails it", async (_what, play, closing) => {
  const { exitCode, lines } = await ci({ ...fine, ...play });
  expect(lines.at(-1)).toBe(closing);
  expect(exitCode).toBe(1);
});

test("a port that is taken fails it", async () => {
  const taken = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response("somebody else") });
  const { exitCode, lines } = await ci(fine, { SLUICE_PORT: String(taken.port) });
  await taken.stop(true);
  expect(lines.at(-1)).toBe("16 passed, 1 failed, 2 skipped");
  expect(exitCode).toBe(1);
});

test("it allows npm test ten minutes and everything seventy-five, and fails when either takes longer", async () => {
  const source = readFileSync(join(root, "scripts/ci.mjs"), "utf8");
  expect(source).toContain("CI_TEST_SECONDS_MAX ?? 10 * 60");
  expect(source).toContain("CI_SECONDS_MAX ?? 75 * 60");
  const slow = { ...fine, test: { line: "7 passed, 0 failed", ms: 60 } };
  const testing = await ci(slow, { CI_TEST_SECONDS_MAX: "0.05" });
  expect(testing.lines.filter((line) => line.startsWith("FAIL"))).toEqual([
    expect.stringMatching(/^FAIL {2}npm test took .*, longer than 0\.05 s$/),
  ]);
  expect(testing).toMatchObject({ exitCode: 1 });
  const everything = await ci(slow, { CI_SECONDS_MAX: "0.05" });
  expect(everything.lines).toContainEqual(expect.stringMatching(/^FAIL {2}everything took .*, longer than 0\.05 s$/));
  expect(everything).toMatchObject({ exitCode: 1 });
});
