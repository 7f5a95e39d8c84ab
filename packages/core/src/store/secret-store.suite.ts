// The one suite of the secret port: every adapter runs all of it.
import { describe, expect, test } from "bun:test";
import { outside } from "./audit-log.fixture.suite.ts";
import { start, withStore, type MakeStore } from "./run-store.fixture.suite.ts";

/** Registers the tests of the port for one adapter. */
export function secretStoreSuite(name: string, makeStore: MakeStore): void {
  describe(`${name}: secrets`, () => {
    const desk = withStore(makeStore);
    const put = (secret: string, byte: number, secretsMax = 10) =>
      desk.store.secrets.putSecret({
        by: outside,
        name: secret,
        sealed: Uint8Array.of(byte),
        key: "k1",
        secretsMax,
        now: start + byte,
      });

    test("come back as they were put, in order of names, and count their values", async () => {
      expect(await put("b", 1)).toEqual({ outcome: "ok", version: 1 });
      expect(await put("a", 2)).toEqual({ outcome: "ok", version: 1 });
      expect(await put("b", 3)).toEqual({ outcome: "ok", version: 2 });
      const b = {
        name: "b",
        sealed: Uint8Array.of(3),
        key: "k1",
        version: 2,
        createdAt: start + 1,
        updatedAt: start + 3,
      };
      expect(await desk.store.secrets.getSecret({ name: "b" })).toEqual(b);
      expect((await desk.store.secrets.listSecrets()).map((each) => each.name)).toEqual(["a", "b"]);
      expect(await desk.store.secrets.getSecret({ name: "c" })).toBeUndefined();
    });

    test("are refused beyond the limit; those that are there may change", async () => {
      await put("a", 1, 1);
      expect(await put("b", 2, 1)).toEqual({ outcome: "full" });
      expect(await put("a", 3, 1)).toEqual({ outcome: "ok", version: 2 });
    });

    test("are deleted once", async () => {
      await put("a", 1);
      const remove = () => desk.store.secrets.deleteSecret({ by: outside, name: "a", now: start });
      expect(await remove()).toEqual({ outcome: "ok" });
      expect(await remove()).toEqual({ outcome: "not_found" });
      expect(await desk.store.secrets.listSecrets()).toEqual([]);
    });

    test("are sealed anew only where nobody has changed them meanwhile", async () => {
      await put("a", 1);
      await put("b", 2);
      await put("b", 3);
      const secrets = ["a", "b", "gone"].map((each) => ({ name: each, version: 1, sealed: Uint8Array.of(9) }));
      const answer = await desk.store.secrets.resealSecrets({ by: outside, key: "k2", secrets, now: start });
      expect(answer).toEqual({ resealed: 1 });
      expect(await desk.store.secrets.getSecret({ name: "a" })).toMatchObject({
        key: "k2",
        sealed: Uint8Array.of(9),
        version: 1,
      });
      expect(await desk.store.secrets.getSecret({ name: "b" })).toMatchObject({ key: "k1", sealed: Uint8Array.of(3) });
    });

    test("leave rows in the audit trail that say nothing of what is in them", async () => {
      await put("db/password", 77);
      await desk.store.secrets.deleteSecret({ by: outside, name: "nothing", now: start });
      const { records } = await desk.store.audit.searchAudit({ filter: { action: "secret:*" }, limit: 10 });
      expect(records.map(({ action, target, outcome, after }) => [action, target, outcome, after])).toEqual([
        ["secret:remove", "secret:nothing", "refused", undefined],
        ["secret:write", "secret:db/password", "done", '{"version":1}'],
      ]);
    });
  });
}
