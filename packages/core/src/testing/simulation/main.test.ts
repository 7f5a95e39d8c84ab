import { expect, test } from "bun:test";
import { join } from "node:path";

async function run(...args: string[]): Promise<{ readonly code: number; readonly lines: string[] }> {
  const child = Bun.spawn([process.execPath, join(import.meta.dir, "main.ts"), ...args], {
    stdout: "pipe",
    stderr: "pipe",
  });
  const text = await new Response(child.stdout).text();
  return { code: await child.exited, lines: text.trimEnd().split("\n") };
}

test("the command plays a seed with its trace", async () => {
  const { code, lines } = await run("--seed", "7", "--trace");
  expect(lines.at(-1)).toBe("seed 7 holds");
  expect(lines.some((line) => / store createRun /.test(line))).toBe(true);
  expect(code).toBe(0);
});

test("the command plays several seeds and says what they did", async () => {
  const { code, lines } = await run("--seed", "3", "--count", "5", "--counts");
  expect(lines.at(-1)).toMatch(/^5 seeds, 0 failed, .* runs, /);
  expect(lines.some((line) => line.endsWith(" append ok"))).toBe(true);
  expect(code).toBe(0);
});
