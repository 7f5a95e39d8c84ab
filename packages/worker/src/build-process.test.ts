// A build as a process of its own: what it leaves behind goes with it, and keeps nobody waiting.
import { expect, test } from "bun:test";
import { BuildProcess, environmentOf } from "./build-process.node.ts";
import type { BuildResult } from "./build-process.node.ts";
import { OrphanGuard } from "./orphan-guard.node.ts";

/** Runs a shell script as a build; what it said and how it ended. */
async function built(script: string, cancelled = false): Promise<BuildResult & { readonly said: string }> {
  let said = "";
  const result = await new Promise<BuildResult>((resolve) => {
    const process = new BuildProcess({
      options: { command: ["sh", "-c", script] },
      guard: new OrphanGuard(),
      environment: environmentOf(),
      started: () => undefined,
      output: (_stream, bytes) => {
        said += new TextDecoder().decode(bytes);
        if (cancelled) process.cancel(600_000);
        return true;
      },
      ended: resolve,
    });
  });
  return { ...result, said };
}

async function untilGone(pid: number): Promise<void> {
  for (;;) {
    try {
      process.kill(pid, 0);
    } catch {
      return;
    }
    await new Promise((resolve) => void setTimeout(resolve, 5));
  }
}

test("who is left in the group of a command that has ended is ended", async () => {
  const { ok, said } = await built("sleep 600 >/dev/null 2>&1 & echo $!");
  expect(ok).toBe(true);
  await untilGone(Number(said));
});

test("who holds its output open does not hold up its end", async () => {
  const { ok, said } = await built("sleep 600 & echo $!");
  expect(ok).toBe(true);
  await untilGone(Number(said));
});

test("who left the group is left alone, and does not hold up the end either", async () => {
  const { ok, said } = await built("setsid sh -c 'echo $$; exec sleep 600' & sleep 0.3");
  expect(ok).toBe(true);
  process.kill(Number(said), "SIGKILL");
});

test("who does not heed the cancellation that its command heeds is ended with it", async () => {
  const { error, said } = await built("(trap '' TERM; exec sleep 600) >/dev/null 2>&1 & echo $!; wait", true);
  expect(error?.code).toBe("cancelled");
  await untilGone(Number(said));
});

test("whoever watches is there before the command", async () => {
  const guard = new OrphanGuard();
  const pids: (number | undefined)[] = [];
  const ended = Promise.withResolvers<BuildResult>();
  const begun = new BuildProcess({
    options: { command: ["/nowhere/to/be/found"] },
    environment: {},
    guard: Object.assign(guard, { add: () => pids.push(guard.pid) }),
    started: () => undefined,
    output: () => true,
    ended: ended.resolve,
  });
  // A command that never began is nothing to watch, yet somebody was there to do it.
  expect((await ended.promise).error?.code).toBe("spawn_failed");
  begun.cancel(0);
  expect([pids, typeof guard.pid]).toEqual([[], "number"]);
});

test("a command gets what every program counts on, what is passed on by name, and nothing else", () => {
  process.env["BUILD_TEST_SECRET"] = "secret";
  try {
    expect(environmentOf()["PATH"]).toBe(process.env["PATH"] ?? "");
    expect(environmentOf()).not.toHaveProperty("BUILD_TEST_SECRET");
    expect(environmentOf(["BUILD_TEST_SECRET", "NOT_THERE"])).toEqual({
      ...environmentOf(),
      BUILD_TEST_SECRET: "secret",
    });
  } finally {
    delete process.env["BUILD_TEST_SECRET"];
  }
});
