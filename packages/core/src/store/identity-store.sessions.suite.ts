// The identity port's sessions, tokens, passkeys and links.
import { describe, expect, test } from "bun:test";
import type { PasskeyRecord } from "../kernel/identity-store.ts";
import { newSession, newToken, people } from "./identity-store.fixture.suite.ts";
import { ada, refusal, start, withStore, type MakeStore } from "./run-store.fixture.suite.ts";

function sessions(name: string, makeStore: MakeStore): void {
  describe(`${name}: sessions`, () => {
    const desk = withStore(makeStore);
    const on = people(desk);
    const rotate = (expectHash: string, next: string) =>
      on.store.rotateSession({ session: "s1", expect: expectHash, next, expiresAt: start + 9_000, now: start + 50 });

    test("come back as they were begun", async () => {
      const full = newSession("s1", {
        kind: "program",
        previousHash: "before",
        rotatedAt: start + 2,
        address: "10.0.0.1",
        agent: "curl/8",
        method: "openid",
      });
      await on.open("s1", full);
      await on.open("s2");
      expect(await on.store.getSession({ session: "s1" })).toEqual(full);
      expect(await on.store.getSession({ session: "s2" })).toEqual(newSession("s2"));
      expect(await on.store.findSession({ hash: full.secretHash })).toEqual(full);
      expect(await on.store.findSession({ hash: "before" })).toEqual(full);
      expect(await on.store.findSession({ hash: "s1" })).toBeUndefined();
      expect(await on.store.getSession({ session: "none" })).toBeUndefined();
    });

    test("give a refresh token one successor, whoever asks at the same time", async () => {
      await on.open("s1", { kind: "program", secretHash: "a" });
      const made = await Promise.all([rotate("a", "b"), rotate("a", "c"), rotate("b", "d")]);
      expect(made.map(({ outcome }) => outcome)).toEqual(["ok", "conflict", "ok"]);
      expect(await on.store.getSession({ session: "s1" })).toEqual(
        newSession("s1", {
          kind: "program",
          secretHash: "d",
          previousHash: "b",
          rotatedAt: start + 50,
          seenAt: start + 50,
          expiresAt: start + 9_000,
        }),
      );
      expect(await on.store.findSession({ hash: "b" })).toMatchObject({ id: "s1" });
      expect(await on.store.findSession({ hash: "a" })).toBeUndefined();
      await on.end({ session: "s1" });
      expect(await rotate("d", "e")).toEqual({ outcome: "not_found" });
    });

    test("are listed newest first while they last", async () => {
      await on.open("s1");
      await on.open("s2", { createdAt: start + 1 });
      await on.open("s3", { createdAt: start + 2, expiresAt: start + 10 });
      await on.open("other", { user: "u2" });
      const list = async (now: number) => (await on.store.listSessions({ user: "u1", now })).map(({ id }) => id);
      expect(await list(start)).toEqual(["s3", "s2", "s1"]);
      expect(await list(start + 10)).toEqual(["s2", "s1"]);
    });

    test("end one by one, all of a user's, or all but one", async () => {
      for (const id of ["s1", "s2", "s3", "s4"]) await on.open(id);
      await on.open("other", { user: "u2" });
      expect(await on.end({})).toEqual([]);
      expect(await on.end({ session: "s1", user: "u2" })).toEqual([]);
      expect(await on.end({ session: "s1" })).toEqual(["s1"]);
      expect(await on.end({ session: "s1" })).toEqual([]);
      expect([...(await on.end({ user: "u1", except: "s3" }))].toSorted()).toEqual(["s2", "s4"]);
      expect(await on.store.getSession({ session: "s2" })).toBeUndefined();
      expect(await on.end({ user: "u1" })).toEqual(["s3"]);
      expect(await on.store.getSession({ session: "other" })).toBeDefined();
    });

    test("remember when they were last used, and never an earlier time", async () => {
      await on.open("s1");
      await on.issue("t1");
      const touch = (at: number) =>
        on.store.touch({
          sessions: [
            { id: "s1", at },
            { id: "none", at },
          ],
          tokens: [{ id: "t1", at }],
        });
      await touch(start + 9);
      await touch(start + 5);
      expect(await on.store.getSession({ session: "s1" })).toMatchObject({ seenAt: start + 9 });
      expect(await on.store.getToken({ token: "t1" })).toMatchObject({ usedAt: start + 9 });
    });
  });
}

function tokens(name: string, makeStore: MakeStore): void {
  describe(`${name}: tokens for programs`, () => {
    const desk = withStore(makeStore);
    const on = people(desk);

    test("come back as they were made, and are revoked once", async () => {
      const full = newToken("t1", {
        owner: "u1",
        role: "operator",
        limits: { state: ["ci/*"], label: ["gpu"] },
        expiresAt: start + 5,
        usedAt: start + 2,
      });
      await on.issue("t1", full);
      await on.issue("t2");
      expect(await on.store.findToken({ hash: full.secretHash })).toEqual(full);
      expect(await on.store.getToken({ token: "t2" })).toEqual(newToken("t2"));
      expect(await on.store.findToken({ hash: "t1" })).toBeUndefined();
      expect(await on.store.getToken({ token: "none" })).toBeUndefined();
      const revoke = (token: string, now: number) => on.store.revokeToken({ by: ada, token, now });
      expect(await revoke("t1", start + 3)).toEqual({ outcome: "ok" });
      expect(await revoke("t1", start + 4)).toEqual({ outcome: "ok" });
      expect(await revoke("none", start)).toEqual({ outcome: "not_found" });
      expect(await on.store.getToken({ token: "t1" })).toEqual({ ...full, revokedAt: start + 3 });
    });

    test("are listed newest first in pages, everybody's or one owner's", async () => {
      for (const [index, id] of ["t1", "t2", "t3", "t4", "t5"].entries()) {
        await on.issue(id, { createdAt: start + Math.floor(index / 2), ...(index % 2 === 0 ? { owner: "u1" } : {}) });
      }
      const pages = async (owner?: string) => {
        const seen: string[][] = [];
        let cursor: string | undefined;
        do {
          const page = await on.store.listTokens({
            limit: 2,
            ...(owner === undefined ? {} : { owner }),
            ...(cursor === undefined ? {} : { cursor }),
          });
          seen.push(page.tokens.map(({ id }) => id));
          cursor = page.next;
        } while (cursor !== undefined);
        return seen;
      };
      expect(await pages()).toEqual([["t5", "t4"], ["t3", "t2"], ["t1"]]);
      expect(await pages("u1")).toEqual([["t5", "t3"], ["t1"]]);
      expect(await pages("u2")).toEqual([[]]);
      expect(await refusal(on.store.listTokens({ limit: 2, cursor: "?" }))).toBe("invalid_filter");
    });
  });
}

function passkeys(name: string, makeStore: MakeStore): void {
  describe(`${name}: passkeys and links`, () => {
    const desk = withStore(makeStore);
    const on = people(desk);
    const passkey: PasskeyRecord = {
      id: "credential",
      user: "u1",
      name: "laptop",
      publicKey: new Uint8Array([1, 2, 3]),
      counter: 0,
      transports: ["usb", "nfc"],
      createdAt: start,
    };

    test("a passkey is added once, counts its uses, and is removed by its user alone", async () => {
      const add = (more: Partial<PasskeyRecord> = {}) =>
        on.store.addPasskey({ by: ada, passkey: { ...passkey, ...more } });
      expect(await add()).toEqual({ outcome: "ok" });
      expect(await add({ user: "u2" })).toEqual({ outcome: "taken" });
      await add({ id: "second", createdAt: start + 1, transports: [] });
      await add({ id: "third", user: "u2" });
      await on.store.usePasskey({ passkey: "credential", counter: 7, now: start + 3 });
      const used = { ...passkey, counter: 7, usedAt: start + 3 };
      expect(await on.store.getPasskey({ passkey: "credential" })).toEqual(used);
      const list = async () => (await on.store.listPasskeys({ user: "u1" })).map(({ id }) => id);
      expect(await list()).toEqual(["second", "credential"]);
      const remove = (user: string) => on.store.removePasskey({ by: ada, user, passkey: "credential", now: desk.now });
      expect(await remove("u2")).toEqual({ outcome: "not_found" });
      expect(await remove("u1")).toEqual({ outcome: "ok" });
      expect(await list()).toEqual(["second"]);
      expect(await on.store.getPasskey({ passkey: "credential" })).toBeUndefined();
    });

    test("an account of a provider belongs to one user, by issuer and subject", async () => {
      const put = (issuer: string, subject: string, user: string) =>
        on.store.putLink({ by: ada, issuer, subject, user, now: start });
      await put("https://a", "1", "u1");
      await put("https://b", "1", "u2");
      await put("https://b", "1", "u3");
      const find = (issuer: string, subject: string) => on.store.findLink({ issuer, subject });
      expect(await find("https://a", "1")).toBe("u1");
      expect(await find("https://b", "1")).toBe("u3");
      expect(await find("https://a1", "")).toBeUndefined();
    });
  });

  describe(`${name}: what has expired`, () => {
    const desk = withStore(makeStore);
    const on = people(desk);

    test("is swept, so many at a time", async () => {
      for (const id of ["s1", "s2", "s3"]) await on.open(id, { expiresAt: start + 10 });
      await on.open("kept", { expiresAt: start + 20 });
      await on.issue("t1", { expiresAt: start + 10 });
      await on.issue("t2");
      await on.issue("t3", { expiresAt: start + 20 });
      const sweep = () => on.store.sweepIdentity({ before: start + 20, limit: 3 });
      expect(await sweep()).toEqual({ swept: 3 });
      expect(await sweep()).toEqual({ swept: 1 });
      expect(await sweep()).toEqual({ swept: 0 });
      expect(await on.store.getSession({ session: "kept" })).toBeDefined();
      expect((await on.store.listTokens({ limit: 9 })).tokens.map(({ id }) => id)).toEqual(["t3", "t2"]);
    });

    test("of a closed store nothing can be asked", async () => {
      await desk.store.close();
      expect(await refusal(on.store.countUsers())).toBe("store_failed");
      expect(await refusal(on.open("s1"))).toBe("store_failed");
      expect(await refusal(desk.store.audit.auditHead())).toBe("store_failed");
    });
  });
}

export function signInSuite(name: string, makeStore: MakeStore): void {
  sessions(name, makeStore);
  tokens(name, makeStore);
  passkeys(name, makeStore);
}
