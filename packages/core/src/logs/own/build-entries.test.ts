import { expect, test } from "bun:test";
import type { BuildEvent, BuildRecord } from "../../kernel/build-store.ts";
import { buildEntries } from "./build-entries.ts";

const build = { id: "b1", target: "web", end: { status: "failed", exitCode: 2 } } as BuildRecord;
const event = (no: number, p: Partial<BuildEvent>): BuildEvent => ({ no, at: no, kind: "output", epoch: 1, ...p });
const output = (no: number, text: string, stream: "stdout" | "stderr" = "stdout"): BuildEvent =>
  event(no, { stream, bytes: Buffer.from(text) });

test("output of a build is told line by line, whatever pieces it came in", () => {
  const euro = Buffer.from("€");
  const entries = buildEntries(build, [
    event(1, { kind: "assigned", worker: "w1" }),
    output(2, "one\r\ntw"),
    output(3, "oops\n", "stderr"),
    output(4, "o\n"),
    event(5, { stream: "stdout", bytes: euro.subarray(0, 1) }),
    event(6, { stream: "stdout", bytes: Buffer.concat([euro.subarray(1), Buffer.from(" rest")]) }),
    event(7, { kind: "ended" }),
  ]);
  expect(entries.map(({ line, fields }) => [line, fields["stream"]])).toEqual([
    ["build assigned", undefined],
    ["one", "stdout"],
    ["oops", "stderr"],
    ["two", "stdout"],
    ["€ rest", "stdout"],
    ["build failed", undefined],
  ]);
  expect(entries.at(-1)?.fields).toMatchObject({ build: "b1", target: "web", level: "error", exitCode: 2 });
});
