// Real programs of this machine.
import { expect, test } from "bun:test";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isAction } from "@sluice/sdk";
import { calling } from "./calling.fixture.suite.ts";
import { shell } from "./shell.ts";
import type { ShellResult } from "./shell.ts";

test("arguments arrive as they are: no shell reads them", async () => {
  await using it = await calling(shell.withConfig({ config: { env: { GREETING: "hello" } } }));
  const odd = "$(touch /tmp/x); `id` 'quoted' \"twice\" *";
  const result = await it.call<ShellResult>("run", { argv: ["printf", "%s|%s", odd, ""] });
  expect(result).toEqual({ exitCode: 0, stdout: `${odd}|`, stderr: "", truncated: false });
  const env = await it.call<ShellResult>("run", { argv: ["env"], env: { MORE: "x" } });
  expect(
    env.stdout
      .split("\n")
      .filter((line) => !/^(PATH|PWD|_|SHLVL)=/.test(line))
      .toSorted(),
  ).toEqual(["", "GREETING=hello", "MORE=x"]);
  expect((await it.call<ShellResult>("run", { argv: ["cat"], stdin: "from here" })).stdout).toBe("from here");
});

test("another exit code fails the step with what was printed, unless it is accepted", async () => {
  await using it = await calling(shell.withConfig());
  const argv = ["sh", "-c", "echo out; echo err >&2; exit 3"];
  expect(it.call("run", { argv })).rejects.toMatchObject({
    message: "sh ended with exit code 3",
    details: { exitCode: 3, stdout: "out\n", stderr: "err\n" },
  });
  expect(await it.call<ShellResult>("run", { argv, accept: [0, 3] })).toMatchObject({ exitCode: 3, stdout: "out\n" });
  expect(it.call("run", { argv: ["no-such-program-here"] })).rejects.toThrow("cannot be started");
});

test("output beyond the limit is cut off and said to be", async () => {
  await using it = await calling(shell.withConfig({ config: { outputBytesMax: 5 } }));
  expect(await it.call<ShellResult>("run", { argv: ["printf", "1234567"] })).toMatchObject({
    stdout: "12345",
    truncated: true,
  });
});

test("when its time is up everything it started ends with it", async () => {
  const folder = mkdtempSync(join(tmpdir(), "sluice-shell-"));
  const file = join(folder, "pid");
  try {
    const actions = await shell.withConfig().setup({
      config: { env: {}, inheritEnv: false, outputBytesMax: 100 },
      auth: undefined,
      onStop: () => undefined,
      onHealth: () => undefined,
    });
    const run = (actions as { run: unknown }).run;
    if (!isAction(run)) throw new Error("run is no action");
    const controller = new AbortController();
    const argv = ["sh", "-c", `sleep 1000 & echo $! > ${file}; trap '' TERM; wait; wait`];
    const step = {
      signal: controller.signal,
      attempt: 1,
      idempotencyKey: "k",
      secret: () => Promise.reject(new Error("none")),
    };
    const ended = Promise.resolve(run.run({ argv, env: {}, accept: [0] }, step)).then(
      () => "ended well",
      (error: unknown) => (error as Error).message,
    );
    while (!existsSync(file) || readFileSync(file, "utf8") === "")
      await new Promise((resolve) => void setImmediate(resolve));
    controller.abort(new Error("time is up"));
    expect(await ended).toBe("sh was ended before its time");
    const grandchild = Number(readFileSync(file, "utf8"));
    const alive = (): boolean => {
      try {
        return !/^State:\s+Z/m.test(readFileSync(`/proc/${grandchild}/status`, "utf8"));
      } catch {
        return false;
      }
    };
    while (alive()) await new Promise((resolve) => void setImmediate(resolve));
    expect(alive()).toBe(false);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
