// The page about the live stream says what the code says.
import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import type { EndedReason } from "@sluice/core/identity";
import { liveTopics } from "@sluice/protocol";
import type { LiveMessage } from "@sluice/protocol";
import { closeCodes } from "../sockets.ts";

describe("docs/live.md", () => {
  const text = readFileSync(new URL("../../../../docs/live.md", import.meta.url), "utf8");

  test("has every topic with what it needs", () => {
    const topics = text.slice(text.indexOf("## Topics"), text.indexOf("## Messages"));
    const rows = topics.split("\n").filter((line) => line.startsWith("| `"));
    const told = rows.map((row) => row.split(" | ").slice(0, 2));
    const expected = Object.entries(liveTopics).map(([topic, permission]) => [
      `| \`${topic === "run" || topic === "stream" ? `${topic}:ID` : topic}\``,
      permission === "signed-in" ? "to be known" : `\`${permission}\``,
    ]);
    expect(Object.fromEntries(told)).toEqual(Object.fromEntries(expected));
  });

  test("has every type of message, and every code that ends it", () => {
    const every: Readonly<Record<LiveMessage["type"], 1>> = {
      hello: 1,
      pong: 1,
      subscribed: 1,
      refused: 1,
      runs: 1,
      run: 1,
      stream: 1,
      changed: 1,
      lagged: 1,
      ended: 1,
    };
    for (const type of Object.keys(every)) expect(text).toMatch(new RegExp(`^\\| \`${type}\` \\|`, "m"));
    const ends: Readonly<Record<EndedReason, 1>> = {
      signed_out: 1,
      revoked: 1,
      reused: 1,
      disabled: 1,
      password_changed: 1,
      expired: 1,
      access_changed: 1,
    };
    for (const code of Object.keys(ends)) expect(text).toContain(`\`${code}\``);
    for (const code of Object.values(closeCodes)) expect(text).toContain(String(code));
  });
});
