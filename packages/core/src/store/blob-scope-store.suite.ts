// The one suite of the port of blobs in scopes: every adapter runs all of it.
import { describe, expect, test } from "bun:test";
import { ada, start, value, withStore, type MakeStore } from "./run-store.fixture.suite.ts";

const hash = (character: string): string => character.repeat(64);

/** Registers the tests of the port for one adapter. */
export function blobScopeStoreSuite(name: string, makeStore: MakeStore): void {
  describe(`${name}: blobs in scopes`, () => {
    const desk = withStore(makeStore);
    const keep = (scope: string, character: string, p: { by?: string; now?: number } = {}) =>
      desk.store.blobScopes.keepBlob({
        by: p.by ?? "tkn_1",
        scope,
        hash: hash(character),
        bytes: 7,
        now: p.now ?? start,
      });
    const held = (scopes: readonly string[], characters: string) =>
      desk.store.blobScopes
        .heldBlobs({ scopes, hashes: Array.from(characters, hash) })
        .then((rows) => rows.map((row) => `${row.scope} ${row.hash[0]}`));
    const drop = (usedBefore: number, limit = 100) => desk.store.blobScopes.dropBlobs({ usedBefore, limit });
    const inUse = (characters: string) =>
      desk.store
        .blobsInUse({ blobs: Array.from(characters, hash) })
        .then((hashes) => hashes.map((each) => each[0]).join(""));
    const build = (id: string) => ({
      id,
      target: "t",
      options: value({}),
      on: { capabilities: [], labels: [] },
      createdAt: start,
    });

    test("are held by who has shown their bytes, and by nobody else", async () => {
      expect(await keep("pr-1", "a")).toEqual({ outcome: "new" });
      expect(await keep("main", "b")).toEqual({ outcome: "new" });
      expect(await held(["main"], "ab")).toEqual(["main b"]);
      expect(await held(["pr-1", "main"], "ba")).toEqual(["main b", "pr-1 a"]);
      expect(await held(["pr-2"], "ab")).toEqual([]);
      expect(await held([], "ab")).toEqual([]);
      expect(await held(["main"], "")).toEqual([]);
      expect(await keep("main", "a")).toEqual({ outcome: "new" });
      expect(await held(["pr-1", "main"], "a")).toEqual(["pr-1 a", "main a"]);
    });

    test("say who showed them first, and when they were used last", async () => {
      await keep("main", "a", { by: "tkn_1", now: start });
      expect(await keep("main", "a", { by: "tkn_2", now: start + 5 })).toEqual({ outcome: "known" });
      const row = async () =>
        (await desk.store.blobScopes.heldBlobs({ scopes: ["main"], hashes: [hash("a")] })).map(
          ({ by, usedAt, bytes }) => [by, usedAt - start, bytes],
        );
      expect(await row()).toEqual([["tkn_1", 5, 7]]);
      const blobs = [
        { scope: "main", hash: hash("a") },
        { scope: "main", hash: hash("b") },
        { scope: "pr-1", hash: hash("a") },
      ];
      expect(await desk.store.blobScopes.useBlobs({ blobs, now: start + 9 })).toEqual({ used: 1 });
      expect(await desk.store.blobScopes.useBlobs({ blobs, now: start + 2 })).toEqual({ used: 1 });
      expect(await row()).toEqual([["tkn_1", 9, 7]]);
      expect(await held(["pr-1", "main"], "ab")).toEqual(["main a"]);
    });

    test("are let go of when nobody has used them for long, oldest first, and are in use until then", async () => {
      await keep("main", "a", { now: start });
      await keep("pr-1", "a", { now: start + 3 });
      await keep("main", "b", { now: start + 1 });
      expect(await inUse("abc")).toBe("ab");
      expect(await drop(start)).toEqual({ dropped: 0 });
      expect(await drop(start + 3, 1)).toEqual({ dropped: 1 });
      expect(await held(["pr-1", "main"], "ab")).toEqual(["pr-1 a", "main b"]);
      expect(await drop(start + 3)).toEqual({ dropped: 1 });
      expect(await inUse("abc")).toBe("a");
      expect(await drop(start + 4)).toEqual({ dropped: 1 });
      expect(await inUse("abc")).toBe("");
    });

    test("that a build names stay as long as the build", async () => {
      const { builds } = desk.store;
      for (const character of "abc") await keep("main", character);
      await builds.createBuild({ by: ada, build: build("bld_1"), blobs: [hash("a"), hash("d")], queuedMax: 9 });
      await builds.claimBuild({ build: "bld_1", worker: "w", now: start });
      const end = { status: "completed" } as const;
      const more = { blobs: [hash("b"), hash("a")], end, keepBytes: 1, now: start };
      await builds.appendBuild({ build: "bld_1", epoch: 2, events: [], ...more, blobs: [hash("c")] });
      await builds.appendBuild({ build: "bld_1", epoch: 1, events: [], ...more });
      expect(await drop(start + 1)).toEqual({ dropped: 1 });
      expect(await held(["main"], "abc")).toEqual(["main a", "main b"]);
      expect(await inUse("abcd")).toBe("abd");
      await builds.sweepBuilds({ endedBefore: start + 1, limit: 9 });
      expect(await inUse("abcd")).toBe("ab");
      expect(await drop(start + 1)).toEqual({ dropped: 2 });
      expect(await inUse("abcd")).toBe("");
    });
  });
}
