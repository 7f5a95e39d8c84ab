import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { bunProcess } from "./process.ts";

const onLinux = process.platform === "linux" ? describe : describe.skip;

function begin(script: string) {
  let told = (): void => undefined;
  const seen = { text: "", bytes: 0, ended: false };
  const pty = bunProcess.spawnPty?.("sh", ["-c", script], {
    onData: (bytes) => {
      seen.bytes += bytes.length;
      seen.text = (seen.text + new TextDecoder().decode(bytes)).slice(-10_000);
      told();
    },
    onEnd: () => {
      seen.ended = true;
      told();
    },
  });
  if (pty === undefined) throw new Error("Bun has terminals.");
  const until = async (holds: () => boolean): Promise<void> => {
    while (!holds()) {
      await new Promise<void>((resolve) => {
        told = resolve;
      });
    }
  };
  return { pty, seen, until };
}

const isBlocked = (pid: number): boolean => /\) S /.test(readFileSync(`/proc/${pid}/stat`, "utf8"));

onLinux("the session of a terminal", () => {
  test("is held back and goes on, and what is typed meanwhile gets through", async () => {
    const { pty, seen, until } = begin("trap 'echo interrupted; exit 4' INT; while :; do echo y; done");
    await until(() => seen.bytes > 10_000);
    expect(pty.pause()).toBeTrue();
    // What had been written is still read; then the program is blocked, and stays so.
    for (let blocked = 0; blocked < 200; blocked = isBlocked(pty.pid) ? blocked + 1 : 0)
      await new Promise(setImmediate);
    const before = seen.bytes;
    for (let turn = 0; turn < 200; turn++) await new Promise(setImmediate);
    expect(seen.bytes).toBe(before);
    pty.write("\x03");
    pty.resume();
    expect((await pty.exited).exitCode).toBe(4);
    await until(() => seen.text.includes("interrupted"));
    pty.close();
  });

  test("is signalled with those who have a group of their own, and counted", async () => {
    const { pty, seen, until } = begin("set -m; sleep 1000 & sleep 1000 & echo ready; wait");
    await until(() => seen.text.includes("ready"));
    expect(pty.killSession("SIGKILL")).toBe(3);
    expect((await pty.exited).signal).toBe("SIGKILL");
    await until(() => seen.ended);
    expect(pty.killSession()).toBe(0);
    pty.close();
  });
});
