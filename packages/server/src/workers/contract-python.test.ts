// The contract of the worker protocol: the Python worker, from the wheel that is packed and installed first.
import { afterAll, expect, test } from "bun:test";
import { rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { Rig } from "./rig.suite.ts";
import { runtimeSuite } from "./runtimes.suite.ts";

const root = join(import.meta.dir, "../../../..");
const made = Bun.spawnSync([process.execPath, join(root, "e2e/python-rig.ts")], { stderr: "inherit" });
const setup = JSON.parse(made.stdout.toString()) as
  | { readonly missing: string }
  | { readonly bin: string; readonly wheel: string };

if ("missing" in setup) test.skip(`the Python worker: ${setup.missing}`, () => undefined);
else {
  const { bin, wheel } = setup;
  afterAll(() => rmSync(dirname(wheel), { recursive: true, force: true }));
  const script = join(root, "workers/python/tests/contract_worker.py");
  const workers: Bun.Subprocess[] = [];
  afterAll(() => {
    for (const worker of workers) worker.kill("SIGKILL");
  });

  test("state, locks and resources are shared with the Python worker, and locks are exclusive between two", async () => {
    await using rig = await Rig.make();
    for (const id of ["a", "b"]) {
      const command = [join(bin, "python"), script, String(rig.port), id, await rig.token(id)];
      workers.push(Bun.spawn(command, { stdin: "ignore", stdout: "ignore", stderr: "inherit" }));
    }
    const output = async (build: string): Promise<unknown> => (await rig.until(build, "completed")).output;
    const ask = (target: string, env: Record<string, string>) => rig.build({ target, options: { env } });
    expect(await output(await ask("state", { KEY: "k" }))).toEqual({
      created: true,
      conflict: "state_version_conflict",
      found: { n: 1, list: [null, true, 2.5] },
      deleted: true,
      gone: 0,
    });
    expect(await output(await ask("resources", {}))).toEqual({
      claimed: true,
      refused: false,
      released: true,
      total: { cpu: 2 },
      left: {},
    });
    const contending = await Promise.all([1, 2].map(() => ask("lock", { RESOURCE: "r", ROUNDS: "10" })));
    const fences = (await Promise.all(contending.map(output))).flat() as number[];
    expect([fences.length, new Set(fences).size]).toEqual([20, 20]);
    expect(await output(await ask("read", { KEY: "inside r" }))).toBe(20);
  }, 60_000);

  runtimeSuite("python", [join(bin, "python"), join(root, "workers/python/tests/suite_worker.py")]);
}
