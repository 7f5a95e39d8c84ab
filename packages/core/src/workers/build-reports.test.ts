// From a worker's words to what is written: nothing is made up, and nothing that is absent is written.
import { expect, test } from "bun:test";
import { decodeValue } from "@sluice/protocol";
import { compact, endOf, writeProgress } from "./build-reports.ts";
import type { EndReport } from "./build-reports.ts";
import type { BuildWriter } from "./build-writer.ts";

function report(name: EndReport["name"], payload: object): EndReport {
  return { name, payload: { build_id: "b", ...payload } } as unknown as EndReport;
}

test("an end says what its worker said", () => {
  expect(endOf(report("BUILD_FAILED", { error: { code: "c", message: "m" }, exit_code: 2 }))).toEqual({
    status: "failed",
    exitCode: 2,
    error: { code: "c", message: "m" },
  });
  expect(endOf(report("BUILD_COMPLETED", {}))).toEqual({ status: "completed" });
  const end = endOf(
    report("BUILD_COMPLETED", { output: [1], artifacts: [{ path: "a", link: undefined }], duration_ms: 4 }),
  );
  expect(end).toMatchObject({ status: "completed", durationMs: 4 });
  expect([decodeValue(end.output!), decodeValue(end.artifacts!)]).toEqual([[1], [{ path: "a" }]]);
});

test("progress and output of one message are written both", () => {
  const written: unknown[] = [];
  const writer = {
    event: (event: unknown) => void written.push(event),
    output: (stream: string, bytes: Uint8Array) => void written.push([stream, new TextDecoder().decode(bytes)]),
  } as unknown as BuildWriter;
  void writeProgress(writer, { build_id: "b", done: 1, chunk: "é" } as never, 7);
  void writeProgress(writer, { build_id: "b", stream: "stderr", chunk: new Uint8Array([65]) } as never, 8);
  void writeProgress(writer, { build_id: "b" } as never, 9);
  expect(written).toEqual([{ kind: "progress", at: 7, done: 1 }, ["stdout", "é"], ["stderr", "A"]]);
});

test("what is absent leaves no key, at any depth", () => {
  expect(compact({ a: undefined, b: [{ c: undefined, d: null }], e: new Uint8Array([1]) })).toEqual({
    b: [{ d: null }],
    e: new Uint8Array([1]),
  });
});
