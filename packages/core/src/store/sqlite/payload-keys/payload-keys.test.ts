import { expect, test } from "bun:test";
import { start } from "../../run-store.fixture.suite.ts";
import { withBench } from "../sqlite-store.fixture.suite.ts";

const bench = withBench();

test("a key that is put again stays what it was, and one that is erased has no bytes left", () => {
  const { payloadKeys } = bench.on.t;
  const key = (byte: number) => ({ workflow: "bill", version: "v1", wrapped: Uint8Array.of(byte) });
  payloadKeys.put("k", key(1), start);
  payloadKeys.put("k", key(2), start + 1);
  expect(payloadKeys.get("k")?.wrapped).toEqual(Uint8Array.of(1));
  payloadKeys.erase("k", start + 2);
  expect(bench.on.column("SELECT wrapped IS NULL FROM payload_keys")).toEqual([1]);
  expect(payloadKeys.counts()).toEqual([{ workflow: "bill", keys: 0, erased: 1 }]);
});
