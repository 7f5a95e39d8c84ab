// Child processes of builds.
import { describe, expect, test } from "bun:test";
import process from "node:process";
import { machineProcesses } from "./processes.ts";

function started(script: string, env: Readonly<Record<string, string>> = { PATH: process.env["PATH"] ?? "" }) {
  const pieces: Uint8Array[] = [];
  const seen = Promise.withResolvers<void>();
  const output = (bytes: Uint8Array): void => {
    pieces.push(bytes);
    seen.resolve();
  };
  const spawned = machineProcesses.spawn({ command: ["sh", "-c", script], cwd: "/", env, output });
  if (!spawned.ok) throw new Error(spawned.why);
  return { running: spawned.process, text: () => Buffer.concat(pieces).toString("utf8"), seen: seen.promise };
}

describe("a process", () => {
  test("gets the environment that it is given and no other, and says how it ended", async () => {
    const { running, text } = started('echo "$A $HOME"; echo wrong >&2; exit 3', {
      A: "1",
      PATH: process.env["PATH"] ?? "",
    });
    expect(await running.ended).toMatchObject({ exitCode: 3, signal: undefined });
    expect(text().split("\n").toSorted()).toEqual(["", "1 ", "wrong"]);
  });

  test("is told to end with all that came of it", async () => {
    const { running, seen, text } = started("sleep 1000 & echo $!; wait");
    await seen;
    running.kill("SIGKILL");
    expect((await running.ended).signal).toBe("SIGKILL");
    const inner = Number(text());
    for (;;) {
      try {
        process.kill(inner, 0);
        // Whoever takes in orphans may not have buried it yet.
        if ((await Bun.file(`/proc/${inner}/stat`).text()).includes(") Z ")) break;
        await new Promise((resolve) => setImmediate(resolve));
      } catch {
        break;
      }
    }
    running.kill("SIGKILL");
  });

  test("that leaves others behind with its output has ended all the same", async () => {
    const { running, text } = started("sleep 1000 & echo $!");
    expect((await running.ended).exitCode).toBe(0);
    process.kill(Number(text()), "SIGKILL");
  });

  test("that there is none of is an answer", () => {
    const spawned = machineProcesses.spawn({
      command: ["/no/such/program"],
      cwd: "/",
      env: {},
      output: () => undefined,
    });
    expect(spawned).toMatchObject({ ok: false, why: expect.stringContaining("no/such/program") });
  });
});
