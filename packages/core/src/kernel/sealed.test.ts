import { expect, test } from "bun:test";
import { blobRefOf, encodeBlobRef, isStandIn } from "./blob-ref.ts";
import { belongs, encodeSealHeader, erasedValue, isErased, sealHeaderOf } from "./sealed.ts";

const header = { key: "k", run: "r", seq: 3, field: "value" } as const;

function envelope(of: Parameters<typeof encodeSealHeader>[0]): Uint8Array {
  const head = encodeSealHeader(of);
  const bytes = new Uint8Array(head.length + 29);
  bytes.set(head);
  return bytes;
}

test("an envelope says what it was sealed for, and is neither a blob's reference nor the mark of an erased value", () => {
  const sealed = envelope(header);
  expect(sealHeaderOf(sealed)).toEqual({ header, length: encodeSealHeader(header).length });
  expect([blobRefOf(sealed), isErased(sealed), isStandIn(sealed)]).toEqual([undefined, false, true]);
  const { seq: _seq, ...whole } = { ...header, field: "input" as const };
  expect(sealHeaderOf(envelope(whole))?.header).toEqual(whole);
});

test("nothing else is taken for one: not a blob whose hash looks like it, not a value, not an erased one", () => {
  const blob = encodeBlobRef(`010000${"ab".repeat(29)}`);
  expect([sealHeaderOf(blob), sealHeaderOf(erasedValue), sealHeaderOf(Uint8Array.of(0x80))]).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
  expect([isErased(erasedValue), isStandIn(blob), isStandIn(Uint8Array.of(0x80)), isStandIn(undefined)]).toEqual([
    true,
    true,
    false,
    false,
  ]);
});

test("a value belongs where it was sealed for, and in forks of that run", () => {
  expect(belongs(header, { run: "r", seq: 3, field: "value" })).toBe(true);
  expect(belongs(header, { run: "r", seq: 4, field: "value" })).toBe(false);
  expect(belongs(header, { run: "r", seq: 3, field: "error" })).toBe(false);
  expect(belongs(header, { run: "s", seq: 3, field: "value" })).toBe(false);
  expect(belongs(header, { run: "s", seq: 3, field: "value", fork: true })).toBe(true);
});
