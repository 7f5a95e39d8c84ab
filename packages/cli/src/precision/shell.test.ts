// Commands without a shell, held against what `execSync` makes of the same text.
import { describe, expect, test } from "bun:test";
import { execSync } from "node:child_process";
import { BunShellExecutor, executeBunShell } from "../precision.ts";

/** Exit code and streams of the same text through the system's shell. */
function inShell(command: string): { readonly exitCode: number; readonly stdout: string; readonly stderr: string } {
  try {
    return { exitCode: 0, stdout: execSync(command, { stdio: "pipe" }).toString(), stderr: "" };
  } catch (error) {
    const { status, stdout, stderr } = error as { status: number; stdout: Buffer; stderr: Buffer };
    return { exitCode: status, stdout: stdout.toString(), stderr: stderr.toString() };
  }
}

/** The code with which it is refused. */
async function refusal(command: Promise<unknown>): Promise<unknown> {
  try {
    return await command;
  } catch (error) {
    return error instanceof Error && "code" in error ? error.code : error;
  }
}

describe("a command", () => {
  test.each([
    "printf '%s|' a 'b c' \"d e\" f\\ g",
    "sh -c 'echo out; echo err >&2; exit 3'",
    "cat /no/such/file",
    "true",
    "printf 'ünïcödé\\n'",
  ])("%s comes to what a shell makes of it", async (command) => {
    const { durationMs, ...came } = await executeBunShell(command);
    expect(came).toEqual({ ...inShell(command), stderr: came.stderr });
    expect(came.stderr).toContain(inShell(command).stderr.split(":").at(-1)?.trim() ?? "");
    expect(durationMs).toBeGreaterThan(0);
  });

  test.each(["echo a | cat", "echo $HOME", "echo a; echo b", "echo `id`", "cat < x", "echo a > b", "echo 'a"])(
    "%s is refused: nothing here would act on it",
    async (command) => {
      expect(await refusal(executeBunShell(command))).toBe("bad_command");
    },
  );

  test("takes arguments as they are", async () => {
    const args = ["printf", "%s\n", "$HOME", "`id`", "a;b", "'", "*"];
    expect((await executeBunShell(args)).stdout).toBe("$HOME\n`id`\na;b\n'\n*\n");
  });

  test("that cannot be started has the exit code that a shell gives it", async () => {
    const command = "no-such-program-anywhere";
    const { exitCode, stderr } = await executeBunShell(command);
    expect([exitCode, stderr.includes(command)]).toEqual([inShell(command).exitCode, true]);
  });
});

test("an executor keeps folder, environment and limits for all of its commands", async () => {
  const shell = new BunShellExecutor({ cwd: "/", env: { GREETING: "hello" }, timeoutMs: 60_000, outputBytesMax: 10 });
  expect((await shell.execute("pwd")).stdout).toBe("/\n");
  expect((await shell.execute("printenv GREETING")).stdout).toBe("hello\n");
  const tooMuch = await refusal(shell.execute("printf 12345678901"));
  expect(tooMuch).toBe("too_large");
  const late = new BunShellExecutor({ timeoutMs: 50 });
  expect(await refusal(late.execute("sleep 60"))).toBe("timed_out");
});
