import { expect, test } from "bun:test";
import { systemRandom } from "../kernel/ids.ts";
import type { PayloadKeyStore } from "../kernel/payload-keys.ts";
import type { Actor } from "../kernel/run-store.ts";
import { MemoryRunStore } from "../store/memory/index.ts";
import { PayloadVault } from "./payload-vault.ts";

const by: Actor = { kind: "user", id: "ada" };
const text = new TextEncoder().encode("some text");
const place = { run: "r", field: "input" } as const;

/** Keys over one store; each `open` is another process. `spend` is called before each write. */
function desk() {
  const { payloadKeys: store } = new MemoryRunStore();
  const kept = new Map<string, string>();
  const open = (spend: () => void = () => undefined): PayloadVault => {
    const written = <T>(write: () => T): T => {
      spend();
      return write();
    };
    const shelf = {
      keep: async (name: string, value: string) => written(() => void kept.set(name, value)),
      kept: async (name: string) => kept.get(name),
      drop: async (name: string) => written(() => void kept.delete(name)),
    };
    const watched: PayloadKeyStore = {
      putPayloadKey: (p) => written(() => store.putPayloadKey(p)),
      getPayloadKey: (p) => store.getPayloadKey(p),
      listPayloadKeys: (p) => store.listPayloadKeys(p),
      countPayloadKeys: () => store.countPayloadKeys(),
      rewrapPayloadKeys: (p) => written(() => store.rewrapPayloadKeys(p)),
      erasePayloadKey: (p) => written(() => store.erasePayloadKey(p)),
    };
    return new PayloadVault({ store: watched, shelf, clock: { now: () => 1_000 }, random: systemRandom });
  };
  /** What a run of the workflow has sealed. */
  const sealed = async (workflow: string): Promise<Uint8Array> => {
    const keys = open();
    await keys.prepare([workflow]);
    const { seal, newKey } = keys.create(workflow);
    await store.putPayloadKey({ id: seal.key, key: newKey, now: 1_000 });
    return seal.seal(place, text);
  };
  return { open, sealed, kept, store };
}

test("nothing is asked or made until a workflow wants it", async () => {
  const { open, kept, sealed } = desk();
  const keys = open();
  await keys.start();
  await keys.prepare([]);
  expect([keys.active, keys.events, kept.size]).toEqual([false, undefined, 0]);
  await sealed("bill");
  const later = open();
  await later.start();
  expect(later.active).toBe(true);
});

test("a value opens in another process, and not where it does not belong", async () => {
  const { open, sealed } = desk();
  const bytes = await sealed("bill");
  expect(await open().open(bytes)).toEqual(text);
  expect(await open().open(bytes, ({ run }) => run === "r")).toEqual(text);
  expect(open().open(bytes, () => false)).rejects.toMatchObject({ code: "payload_unreadable" });
});

test("a rotation that is cut off at any write loses nothing, and the next one ends it", async () => {
  for (let writes = 0; writes < 3; writes++) {
    const { open, sealed, kept } = desk();
    const bytes = [await sealed("bill"), await sealed("bill")];
    let left = writes;
    const cut = open(() => {
      if (left-- === 0) throw new Error("cut off");
    });
    expect(cut.rotate({ by, workflow: "bill" })).rejects.toThrow("cut off");
    for (const each of bytes) expect(await open().open(each)).toEqual(text);
    const next = open();
    expect((await next.rotate({ by, workflow: "bill" })).ok).toBe(true);
    for (const each of bytes) expect(await open().open(each)).toEqual(text);
    expect(JSON.parse(kept.get(":payloads/bill") ?? "")).toHaveLength(1);
  }
});

test("without the key of the workflow its values cannot be read, and no new one takes its place", async () => {
  const { open, sealed, kept } = desk();
  const bytes = await sealed("bill");
  kept.delete(":payloads/bill");
  expect(open().open(bytes)).rejects.toMatchObject({ code: "payload_unreadable" });
  expect((await open().list()).find(({ workflow }) => workflow === "bill")).toMatchObject({ readable: false });
});

test("what is erased opens in no process, not even in the one that sealed it", async () => {
  const { open, store } = desk();
  const keys = open();
  await keys.prepare(["bill"]);
  const { seal, newKey } = keys.create("bill");
  await store.putPayloadKey({ id: seal.key, key: newKey, now: 1_000 });
  const bytes = seal.seal(place, text);
  expect(await keys.eraseKey({ by, key: seal.key })).toEqual({ ok: true, value: { runs: 0 } });
  for (const each of [keys, open()]) expect(each.open(bytes)).rejects.toMatchObject({ code: "payload_erased" });
  expect(await keys.eraseKey({ by, key: "none" })).toMatchObject({ ok: false, error: { code: "key_not_found" } });
});
