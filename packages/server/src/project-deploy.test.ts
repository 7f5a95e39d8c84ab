// Why code is not deployed: each failure has a code of its own, says where and what to do, and what served before serves on.
import { afterAll, afterEach, beforeEach, expect, test } from "bun:test";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { systemClock } from "@sluice/core";
import { openBlobs } from "@sluice/core/store/sqlite";
import { SluiceError } from "@sluice/protocol";
import type { WireError } from "@sluice/protocol";
import { buildProject } from "./bundle-build.ts";
import { CodeStore } from "./bundle-store.ts";
import { Deployer } from "./project-deploy.ts";
import { Fixture, work } from "./supervisor-fixture.suite.ts";

const startFolder = process.cwd();
let f: Fixture;
let deployer: Deployer;

beforeEach(() => {
  f = new Fixture();
  const blobs = join(f.folder, "blobs");
  mkdirSync(blobs, { recursive: true });
  const { engine, supervisor } = f;
  const code = new CodeStore(join(f.folder, "code"), openBlobs({ folder: blobs }));
  deployer = new Deployer({ engine, supervisor, code, clock: systemClock, log: () => undefined, onDeploy: "pin" });
});
afterEach(() => f[Symbol.asyncDispose]());
afterAll(() => rmSync(work, { recursive: true, force: true }));

async function deploy(body: string): Promise<WireError | undefined> {
  const text = `import { schedule, webhook, workflow } from "sluice";\n${body}\n`;
  writeFileSync(join(f.project, "workflows/a.ts"), text);
  process.chdir(f.project);
  const built = await buildProject({ project: f.project, modules: { sluice: "" }, folder: join(f.folder, "code") });
  process.chdir(startFolder);
  return deployer.deploy(built.result);
}

const hooked = (name: string): string =>
  `export const ${name} = workflow({ name: "${name}", triggers: [webhook("/in")] }, async () => 1);`;

test.each([
  [
    "that does not parse",
    "export const a = ;",
    { code: "bundle_failed", message: "workflows/a.ts:2:18: Unexpected ;" },
  ],
  [
    "that imports what is not there",
    'import "./gone.ts";',
    { code: "bundle_failed", message: expect.stringMatching(/^workflows\/a\.ts:2:8: .*gone/) },
  ],
  [
    "that throws while it is loaded",
    'throw new Error("not today");',
    { code: "code_failed", message: "workflows/a.ts:2:11: not today" },
  ],
  [
    "that throws an error with a code of its own",
    'throw Object.assign(new Error("no"), { code: "ENOENT" });',
    { code: "code_failed", message: expect.stringContaining("no") },
  ],
  [
    "that ends the process",
    "process.exit(3);",
    { code: "worker_failed", message: expect.stringContaining("exit code 3") },
  ],
  [
    "with a workflow that cannot have its name",
    'export const a = workflow({ name: "no spaces" }, async () => 1);',
    { code: "invalid_name", message: expect.stringMatching(/^workflows\/a\.ts:2:\d+: /) },
  ],
  [
    "with an option that makes no sense",
    'export const a = workflow({ name: "a", retention: { count: -1 } }, async () => 1);',
    {
      code: "invalid_workflow",
      message: expect.stringMatching(/^workflows\/a\.ts:2:\d+: Workflow a: retention\.count makes no sense\.$/),
    },
  ],
  [
    "with a schedule that never comes",
    'export const a = workflow({ name: "a", triggers: [schedule("61 * * * *")] }, async () => 1);',
    { code: "invalid_cron", message: expect.stringContaining("Workflow a") },
  ],
  [
    "with two workflows of one name",
    'export const a = workflow({ name: "a" }, async () => 1), b = workflow({ name: "a" }, async () => 2);',
    { code: "duplicate_workflow", message: expect.stringContaining("workflows/a.ts") },
  ],
  [
    "with two workflows at one webhook",
    hooked("a") + hooked("b"),
    { code: "duplicate_webhook", message: "The workflows a and b have the same webhook: POST /hooks/in." },
  ],
])("code %s is not deployed, and what was deployed before serves on", async (_what, body, error) => {
  expect(await deploy('export const good = workflow({ name: "good" }, async () => "good");')).toBeUndefined();
  const { version } = deployer.state;
  const refused = await deploy(body);
  expect(Object.keys(refused ?? {}).filter((key) => !["code", "message", "hint", "details"].includes(key))).toEqual([]);
  expect(deployer.state).toEqual({ version, deployedAt: expect.any(Number), error: refused });
  expect(refused).toMatchObject({ ...error, hint: expect.any(String) });
  expect(await f.output(await f.start("good"))).toBe("good");
  expect(await deploy('export const good = workflow({ name: "good" }, async () => "better");')).toBeUndefined();
  expect(deployer.state.error).toBeUndefined();
  expect(await f.output(await f.start("good"))).toBe("better");
});

test("code that the disk has no room for is not deployed, and what was deployed before serves on", async () => {
  const blobs = openBlobs({ folder: join(f.folder, "blobs") });
  let full = false;
  const put: typeof blobs.put = (bytes) =>
    full ? Promise.reject(new SluiceError({ code: "disk_full", message: "No space is left." })) : blobs.put(bytes);
  const code = new CodeStore(join(f.folder, "code"), { put, get: (hash) => blobs.get(hash) });
  const { engine, supervisor } = f;
  deployer = new Deployer({ engine, supervisor, code, clock: systemClock, log: () => undefined, onDeploy: "pin" });
  const good = (value: number): string => `export const good = workflow({ name: "good" }, async () => ${value});`;
  expect(await deploy(good(1))).toBeUndefined();
  full = true;
  expect(await deploy(good(2))).toEqual({ code: "disk_full", message: "No space is left." });
  expect(await f.output(await f.start("good"))).toBe(1);
  full = false;
  expect(await deploy(good(3))).toBeUndefined();
  expect(await f.output(await f.start("good"))).toBe(3);
});
