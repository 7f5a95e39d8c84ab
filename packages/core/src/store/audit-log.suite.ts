// The one suite of the audit port: every adapter runs all of it.
import { describe, expect, test } from "bun:test";
import { chainStart } from "../kernel/audit-chain.ts";
import type { AuditFilter, AuditNote } from "../kernel/audit-log.ts";
import { chain, newNote, outside } from "./audit-log.fixture.suite.ts";
import { auditedIdentitySuite } from "./audit-log.identity.suite.ts";
import { auditedRunsSuite } from "./audit-log.runs.suite.ts";
import { refusal, start, withStore, type MakeStore } from "./run-store.fixture.suite.ts";

function rows(name: string, makeStore: MakeStore): void {
  describe(`${name}: the audit trail`, () => {
    const desk = withStore(makeStore);
    const note = (target: string, more: Partial<AuditNote> = {}) =>
      desk.store.audit.recordAudit({ note: newNote(target, more) });

    test("begins with nothing, under the name of the data", async () => {
      const { audit, instance } = desk.store;
      expect(/^[a-z0-9-]{6,64}$/.test(instance)).toBe(true);
      expect(await audit.auditHead()).toEqual({ chain: instance, seq: 0, hash: chainStart });
      expect(await audit.auditStart()).toEqual({ chain: instance, seq: 0, hash: chainStart });
      expect(await audit.readAudit({ after: 0, limit: 9 })).toEqual([]);
    });

    test("keeps rows as they were written, each bound to the one before", async () => {
      const full = newNote("run:r1", {
        by: { kind: "token", id: "t1", origin: { name: "ci", address: "::1", session: "s", token: "t" } },
        workflow: "billing/invoice",
        outcome: "failed",
        reason: "disk_full",
        before: '{"a":"é\\u0000"}',
        after: "null",
        intent: 7,
      });
      expect(await note("run:r0", { by: { kind: "system", id: "clock" } })).toEqual({ seq: 1 });
      expect(await desk.store.audit.recordAudit({ note: full })).toEqual({ seq: 2 });
      expect(await note("odd \0 \u{1F4A1} \ud800", { reason: "'; --" })).toEqual({ seq: 3 });
      const [first, second, third] = await chain(desk.store.audit);
      expect(first).toMatchObject({ by: { kind: "system", id: "clock" }, previous: chainStart });
      expect(second).toMatchObject(full);
      expect(third).toMatchObject({ target: "odd \0 \u{1F4A1} \ufffd", reason: "'; --" });
      expect(await desk.store.audit.readAudit({ after: 1, limit: 1 })).toEqual([second!]);
    });

    test("has no gaps, whoever writes at the same time", async () => {
      const made = await Promise.all(Array.from({ length: 200 }, (_, i) => note(`run:r${i}`)));
      expect(made.map(({ seq }) => seq)).toEqual(Array.from({ length: 200 }, (_, i) => i + 1));
      expect((await chain(desk.store.audit)).map(({ target }) => target)).toEqual(
        Array.from({ length: 200 }, (_, i) => `run:r${i}`),
      );
    });

    test("lets go of its oldest rows, none after the head that is named, and goes on", async () => {
      for (let i = 1; i <= 6; i++) await note(`run:r${i}`);
      const { audit } = desk.store;
      const all = await chain(audit);
      const head = await audit.auditHead();
      const upTo = { ...head, seq: 4, hash: all[3]?.hash ?? "" };
      expect(await refusal(audit.trimAudit({ upTo: { ...upTo, hash: chainStart }, limit: 9 }))).toBe("conflict");
      expect(await refusal(audit.trimAudit({ upTo: { ...upTo, chain: "other" }, limit: 9 }))).toBe("conflict");
      expect(await refusal(audit.trimAudit({ upTo: { ...upTo, seq: 99 }, limit: 9 }))).toBe("conflict");
      expect(await chain(audit)).toHaveLength(6);
      expect(await audit.trimAudit({ upTo, limit: 3 })).toEqual({ trimmed: 3 });
      expect(await audit.auditStart()).toEqual({ ...head, seq: 3, hash: all[2]?.hash ?? "" });
      expect(await audit.trimAudit({ upTo, limit: 3 })).toEqual({ trimmed: 1 });
      expect(await audit.trimAudit({ upTo, limit: 3 })).toEqual({ trimmed: 0 });
      expect((await chain(audit)).map(({ seq }) => seq)).toEqual([5, 6]);
      expect(await audit.trimAudit({ upTo: head, limit: 9 })).toEqual({ trimmed: 2 });
      expect(await audit.auditHead()).toEqual(head);
      expect(await note("run:r7")).toEqual({ seq: 7 });
      expect((await chain(audit)).map(({ previous }) => previous)).toEqual([head.hash]);
    });
  });
}

function searches(name: string, makeStore: MakeStore): void {
  describe(`${name}: searching the audit trail`, () => {
    const desk = withStore(makeStore);
    const notes: readonly AuditNote[] = [
      newNote("run:r1", { action: "run:start", workflow: "order" }),
      newNote("run:r2", { action: "run:cancel", at: start + 10, outcome: "refused", reason: "run_is_final" }),
      newNote("run:r10", { action: "run:start", at: start + 20, by: { kind: "token", id: "t1" } }),
      newNote("state:global/run", { action: "state:write", at: start + 30, after: '{"value":"Needle"}' }),
      newNote("user:u1", { action: "user:update", at: start + 5, by: { ...outside, id: "ad%" }, before: "{}" }),
    ];
    const search = async (filter: AuditFilter, more: { limit?: number; before?: number } = {}) => {
      const page = await desk.store.audit.searchAudit({ filter, limit: 9, ...more });
      return { seqs: page.records.map(({ seq }) => seq), next: page.next };
    };

    test("finds by every filter, newest first", async () => {
      for (const note of notes) await desk.store.audit.recordAudit({ note });
      const cases: readonly (readonly [AuditFilter, readonly number[]])[] = [
        [{}, [5, 4, 3, 2, 1]],
        [{ actor: "user" }, [5, 4, 2, 1]],
        [{ actor: "user:ada" }, [4, 2, 1]],
        [{ actor: "token:t1" }, [3]],
        [{ actor: "token:" }, []],
        [{ action: "run:start" }, [3, 1]],
        [{ action: "run:*" }, [3, 2, 1]],
        [{ action: "run" }, []],
        [{ target: "run:r1" }, [1]],
        [{ target: "run:r1*" }, [3, 1]],
        [{ target: "*" }, [5, 4, 3, 2, 1]],
        [{ outcome: "refused" }, [2]],
        [{ from: start + 10 }, [4, 3, 2]],
        [{ to: start + 10 }, [5, 1]],
        [{ from: start + 5, to: start + 30 }, [5, 3, 2]],
        [{ from: start + 31 }, []],
        [{ text: "NEEDLE" }, [4]],
        [{ text: "r1" }, [3, 1]],
        [{ text: "is_final" }, [2]],
        [{ text: "%" }, [5]],
        [{ text: "ADA" }, [5, 4, 2, 1]],
        [{ action: "run:*", actor: "user", outcome: "done", from: start, to: start + 1 }, [1]],
      ];
      for (const [filter, expected] of cases) {
        expect({ filter, seqs: (await search(filter)).seqs }).toEqual({ filter, seqs: [...expected] });
      }
    });

    test("finds the same in order of the chain, from any row on", async () => {
      const { audit } = desk.store;
      for (const note of notes) await audit.recordAudit({ note });
      const inOrder = async (filter: AuditFilter, after = 0, limit = 9) =>
        (await audit.readAudit({ after, limit, filter })).map(({ seq }) => seq);
      expect(await inOrder({})).toEqual([1, 2, 3, 4, 5]);
      expect(await inOrder({ action: "run:*" })).toEqual([1, 2, 3]);
      expect(await inOrder({ action: "run:*" }, 0, 2)).toEqual([1, 2]);
      expect(await inOrder({ action: "run:*" }, 2, 2)).toEqual([3]);
      expect(await inOrder({ from: start + 5, to: start + 30 }, 2)).toEqual([3, 5]);
      expect(await inOrder({ from: start + 31 })).toEqual([]);
    });

    test("comes in pages that stay in place while rows are added", async () => {
      for (let i = 0; i < 5; i++) await desk.store.audit.recordAudit({ note: newNote(`run:r${i}`) });
      expect(await search({ action: "test:note" }, { limit: 2 })).toEqual({ seqs: [5, 4], next: 4 });
      await desk.store.audit.recordAudit({ note: newNote("run:later") });
      expect(await search({ action: "test:*" }, { limit: 2, before: 4 })).toEqual({ seqs: [3, 2], next: 2 });
      expect(await search({ action: "test:note" }, { limit: 2, before: 2 })).toEqual({ seqs: [1], next: undefined });
      expect(await search({}, { limit: 6 })).toMatchObject({ next: undefined });
    });
  });
}

/** Registers the tests of the port for one adapter; `makeStore` opens an empty store for each of them. */
export function auditLogSuite(name: string, makeStore: MakeStore): void {
  rows(name, makeStore);
  searches(name, makeStore);
  auditedRunsSuite(name, makeStore);
  auditedIdentitySuite(name, makeStore);
}
