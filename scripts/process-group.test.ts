import { expect, test } from "bun:test";
import { groupMembers, groupOutlives } from "./process-group.ts";

async function groupOf(script: string): Promise<number> {
  const leader = Bun.spawn(["sh", "-c", script], { detached: true, stdout: "ignore" });
  await leader.exited;
  return leader.pid;
}

test("who outlives its leader is named, until killed", async () => {
  const group = await groupOf("sleep 1000 & exit 0");
  expect(await groupOutlives(group, 50)).toBe(true);
  expect(groupMembers(group)).toEqual([expect.stringMatching(/^\d+ sleep 1000$/)]);
  process.kill(-group, "SIGKILL");
  expect(await groupOutlives(group, 5_000)).toBe(false);
  expect(groupMembers(group)).toEqual([]);
});

test("who is about to end is waited for", async () => {
  const group = await groupOf("sleep 0.2 & exit 0");
  expect(await groupOutlives(group, 5_000)).toBe(false);
});
