// Lines of a process that has no use for Node's streams: all of them, in order, and no end of it where nobody reads.
import { expect, test } from "bun:test";
import { join } from "node:path";

const output = JSON.stringify(join(import.meta.dir, "plain-output.ts"));

/** Runs a program that has `write` for standard output. */
function running(program: string) {
  const code = `import { plainOutput } from ${output}; const write = plainOutput(Bun.stdout); ${program}`;
  return Bun.spawn([process.execPath, "-e", code], { stdin: "pipe", stdout: "pipe", stderr: "pipe" });
}

test("everything is written in order, more than a pipe takes at once too", async () => {
  const child = running("for (let i = 0; i < 5_000; i++) write(`${i} ${'x'.repeat(100)}\\n`);");
  const lines = (await new Response(child.stdout).text()).trimEnd().split("\n");
  expect(lines.map((line) => Number(line.split(" ")[0]))).toEqual(Array.from({ length: 5_000 }, (_, i) => i));
  expect(await child.exited).toBe(0);
});

test("a reader that has gone ends nothing", async () => {
  const child = running(
    "write('ready\\n'); for await (const _ of Bun.stdin.stream()) { for (let i = 0; i < 2_000; i++) write('x'.repeat(1_000)); } process.exit(7);",
  );
  const reader = child.stdout.getReader();
  expect(new TextDecoder().decode((await reader.read()).value)).toBe("ready\n");
  await reader.cancel();
  void child.stdin.write("go on");
  await child.stdin.flush();
  await child.stdin.end();
  expect(await child.exited).toBe(7);
  expect(await new Response(child.stderr).text()).toBe("");
});
