import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openKeyFolder } from "../identity/index.ts";
import { systemRandom } from "../kernel/ids.ts";
import type { Actor } from "../kernel/run-store.ts";
import { MemoryRunStore } from "../store/memory/index.ts";
import { Vault } from "./vault.ts";
import type { VaultOptions } from "./vault.ts";

const by: Actor = { kind: "user", id: "ada" };
const root = mkdtempSync(join(tmpdir(), "sluice-vault-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let folders = 0;

function desk() {
  const keys = join(root, `${folders++}`);
  const { secrets: store } = new MemoryRunStore();
  const changed: string[] = [];
  const open = (more: Partial<VaultOptions> = {}): Vault =>
    new Vault({
      store,
      keys: openKeyFolder(keys),
      clock: { now: () => 1_000 },
      random: systemRandom,
      onChange: (names) => changed.push(...names),
      ...more,
    });
  return { store, open, changed, file: join(keys, "secrets.json"), keys };
}

const store = (name: string) => ({ from: "store", name }) as const;

test("a value comes back after a restart, and is in no row", async () => {
  const { open, store: rows, file, changed } = desk();
  expect(await open().set({ by, name: "stripe/key", value: "sk_live_123456" })).toEqual({ ok: true, value: 1 });
  expect(await open().read(store("stripe/key"))).toBe("sk_live_123456");
  const [row] = await rows.listSecrets();
  expect(Buffer.from(row?.sealed ?? []).includes("sk_live_123456")).toBe(false);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(changed).toEqual(["stripe/key"]);
  expect(await open().read({ from: "env", name: "stripe/key" })).toBeUndefined();
  expect(await open().read(store("none"))).toBeUndefined();
});

test("what was moved to another name, or was changed, does not open", async () => {
  const { open, store: rows } = desk();
  await open().set({ by, name: "a", value: "first value" });
  const row = await rows.getSecret({ name: "a" });
  if (row === undefined) throw new Error("it was not kept");
  await rows.putSecret({ by, ...row, name: "b", secretsMax: 9, now: 1 });
  const wanted = open().read(store("b"));
  expect(wanted).rejects.toMatchObject({ code: "secret_unreadable" });
  await rows.putSecret({
    by,
    ...row,
    sealed: row.sealed.map((byte, at) => (at === 20 ? byte ^ 1 : byte)),
    secretsMax: 9,
    now: 1,
  });
  expect(open().read(store("a"))).rejects.toMatchObject({ code: "secret_unreadable" });
});

test("a new key seals everything anew and the old one is gone", async () => {
  const { open, store: rows, file } = desk();
  const vault = open();
  await vault.set({ by, name: "a", value: "first value" });
  await vault.set({ by, name: "b", value: "second value" });
  const before = readFileSync(file, "utf8");
  const sealed = (await rows.getSecret({ name: "a" }))?.sealed;
  const rotated = await vault.rotate({ by });
  expect(rotated).toMatchObject({ ok: true, value: { resealed: 2 } });
  expect((await rows.getSecret({ name: "a" }))?.sealed).not.toEqual(sealed);
  const { keys } = JSON.parse(readFileSync(file, "utf8")) as { keys: Record<string, string> };
  const old = JSON.parse(before) as { keys: Record<string, string>; current: string };
  expect(Object.values(keys)).not.toContain(old.keys[old.current] ?? "");
  expect(await open().read(store("b"))).toBe("second value");
  // With the old key alone nothing opens any more.
  writeFileSync(file, before);
  expect(open().read(store("a"))).rejects.toMatchObject({ code: "secret_unreadable" });
  expect((await open().list()).map((each) => each.readable)).toEqual([false, false]);
});

test("a rotation that is cut off at any write loses nothing, and the next one ends it", async () => {
  for (let writes = 0; writes < 3; writes++) {
    const { open, store: rows, file, keys } = desk();
    await open().set({ by, name: "a", value: "first value" });
    const folder = openKeyFolder(keys);
    let left = writes;
    const spend = (): void => {
      if (left-- === 0) throw new Error("cut off");
    };
    const vault = open({
      keys: {
        read: (name) => folder.read(name),
        create: (name, bytes) => folder.create(name, bytes),
        replace: (name, bytes) => {
          spend();
          return folder.replace(name, bytes);
        },
      },
      store: {
        putSecret: (p) => rows.putSecret(p),
        deleteSecret: (p) => rows.deleteSecret(p),
        getSecret: (p) => rows.getSecret(p),
        listSecrets: () => rows.listSecrets(),
        resealSecrets: (p) => {
          spend();
          return rows.resealSecrets(p);
        },
      },
    });
    expect(vault.rotate({ by })).rejects.toThrow("cut off");
    expect(await open().read(store("a"))).toBe("first value");
    expect(await open().rotate({ by })).toMatchObject({ ok: true, value: { resealed: 1 } });
    expect(await open().read(store("a"))).toBe("first value");
    const ring = JSON.parse(readFileSync(file, "utf8")) as { keys: object };
    expect(Object.keys(ring.keys)).toHaveLength(1);
  }
});

test("a change during a rotation is not lost", async () => {
  const { open } = desk();
  const vault = open();
  await vault.set({ by, name: "a", value: "first value" });
  const [, set] = await Promise.all([
    vault.rotate({ by }),
    vault.set({ by, name: "a", value: "second value" }),
    vault.rotate({ by }),
  ]);
  expect(set).toEqual({ ok: true, value: 2 });
  expect(await vault.read(store("a"))).toBe("second value");
});

test.each([
  ["short", "12345", "bad_request"],
  ["bad name!", "long enough", "invalid_name"],
  ["long", "x".repeat(65_537), "bad_request"],
])("%p is refused", async (name, value, code) => {
  const answer = await desk().open().set({ by, name, value });
  expect(answer).toMatchObject({ ok: false, error: { code } });
});

test("what is not there cannot be removed", async () => {
  const { open, changed } = desk();
  expect(await open().remove({ by, name: "a" })).toMatchObject({ ok: false, error: { code: "secret_not_found" } });
  await open().set({ by, name: "a", value: "first value" });
  expect(await open().remove({ by, name: "a" })).toEqual({ ok: true, value: null });
  expect(changed).toEqual(["a", "a"]);
});
