// The contract of the worker protocol: our build worker on Deno, from npm. Where it cannot be installed, the test says how.
import { expect, test } from "bun:test";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { runtimeSuite } from "./runtimes.suite.ts";

const name = `@deno/linux-${process.arch}-glibc`;
const version = "2.9.6";
const folder = join(import.meta.dir, "../../../../node_modules/.cache/deno");
const program = join(folder, "node_modules", name, "deno");
const install = ["npm", "install", "--prefix", folder, "--no-audit", "--no-fund", `${name}@${version}`];

function isThere(): boolean {
  if (existsSync(program)) return true;
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), '{ "private": true }\n');
  return Bun.spawnSync(install, { stdout: "ignore", stderr: "ignore" }).exitCode === 0 && existsSync(program);
}

if (isThere()) runtimeSuite("deno", [program, "run", "--allow-all", "--quiet"]);
else test.skip(`Deno is not there: ${install.join(" ")}`, () => expect(program).toBe(""));
