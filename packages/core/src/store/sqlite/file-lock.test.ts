import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { lockFile } from "./file-lock.ts";
import { withFolders } from "./sqlite-store.fixture.suite.ts";

const folders = withFolders();
const holder = `
  import { lockFile } from ${JSON.stringify(join(import.meta.dir, "file-lock.ts"))};
  const held = lockFile(process.argv[1]);
  const child = Bun.spawn(["cat"], { stdio: ["inherit", "ignore", "ignore"] });
  console.log("lock" in held ? "held " + child.pid : "refused");
  await Bun.stdin.text();
`;

/** Kills a process that is nobody's child any more, and waits until it is gone. */
async function killed(pid: number): Promise<void> {
  process.kill(pid, "SIGKILL");
  while (existsSync(`/proc/${pid}`)) await new Promise((resolve) => void setImmediate(resolve));
}

test("the lock is one process's, is told with its id, and goes with it even when it is killed", async () => {
  const path = join(folders.next(), "lock");
  const other = Bun.spawn([process.execPath, "-e", holder, path], { stdin: "pipe", stdout: "pipe" });
  const reader = other.stdout.getReader();
  const said = new TextDecoder().decode((await reader.read()).value);
  expect(said).toStartWith("held");
  expect(lockFile(path)).toEqual({ heldBy: other.pid });
  other.kill("SIGKILL");
  await other.exited;
  // A child that outlives the holder does not keep the lock.
  const after = lockFile(path);
  expect(after).toHaveProperty("lock");
  await killed(Number(said.split(" ")[1]));
  expect(lockFile(path)).toEqual({ heldBy: process.pid });
  if ("lock" in after) after.lock.release();
  const again = lockFile(path);
  expect(again).toHaveProperty("lock");
  if ("lock" in again) again.lock.release();
});
