// The evidence a worker leaves: what was executing, in which order, whatever ended it.
import { expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readRecorder, recorderBytes, RecorderWriter, recorderSlots } from "./recorder.ts";

test("names the steps that have not ended, the last one begun first", () => {
  const memory = new Uint8Array(recorderBytes);
  const recorder = new RecorderWriter(memory);
  const first = recorder.begin("run_a", "charge");
  recorder.begin("run_b", "label");
  recorder.end(first);
  recorder.begin("run_c", "Übersetzung 東京");
  expect(readRecorder(memory)).toEqual([
    { run: "run_c", step: "Übersetzung 東京" },
    { run: "run_b", step: "label" },
  ]);
});

test("long names are cut, never into half a character", () => {
  const memory = new Uint8Array(recorderBytes);
  new RecorderWriter(memory).begin("run_a", "é".repeat(200));
  expect(readRecorder(memory)).toEqual([{ run: "run_a", step: "é".repeat(92) }]);
});

test("steps beyond its slots leave no evidence and do no harm", () => {
  const memory = new Uint8Array(recorderBytes);
  const recorder = new RecorderWriter(memory);
  const slots = Array.from({ length: recorderSlots + 1 }, (_, index) => recorder.begin(`run_${index}`, "s"));
  expect(slots.at(-1)).toBe(-1);
  recorder.end(-1);
  expect(readRecorder(memory)).toHaveLength(recorderSlots);
  for (const slot of slots) recorder.end(slot);
  expect(readRecorder(memory)).toEqual([]);
});

test("memory of the wrong size is refused", () => {
  expect(() => new RecorderWriter(new Uint8Array(10))).toThrow(RangeError);
});

test("outlives a process that is killed while a step executes", async () => {
  const folder = mkdtempSync(join(tmpdir(), "sluice-recorder-"));
  try {
    const file = join(folder, "steps");
    writeFileSync(file, new Uint8Array(recorderBytes));
    const program = `import { RecorderWriter } from ${JSON.stringify(join(import.meta.dir, "recorder.ts"))};
      const recorder = new RecorderWriter(Bun.mmap(${JSON.stringify(file)}, { shared: true }));
      recorder.end(recorder.begin("run_a", "over"));
      recorder.begin("run_b", "fatal");
      process.kill(process.pid, "SIGKILL");`;
    const child = Bun.spawn([process.execPath, "-e", program], { stdout: "inherit", stderr: "inherit" });
    await child.exited;
    expect(child.signalCode).toBe("SIGKILL");
    expect(readRecorder(readFileSync(file))).toEqual([{ run: "run_b", step: "fatal" }]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
