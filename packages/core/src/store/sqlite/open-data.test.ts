import { describe, expect, test } from "bun:test";
import { readFileSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { SluiceError } from "@sluice/protocol";
import { ada, refusal, start } from "../run-store.fixture.suite.ts";
import { openDataFolder } from "./open-data.ts";
import { newRun, unexpected, withFolders } from "./sqlite-store.fixture.suite.ts";
import { openSqliteStore } from "./sqlite-run-store.ts";

const folders = withFolders();

describe("a data folder", () => {
  test("is made for its owner alone, and opened again with everything in it", async () => {
    const folder = join(folders.next(), "deep", ".sluice");
    const first = await openDataFolder({ folder });
    expect(first.prepared).toEqual({ outcome: "created" });
    expect([statSync(folder).mode & 0o777, statSync(first.blobsFolder).mode & 0o777]).toEqual([0o700, 0o700]);
    const store = await openSqliteStore({ file: first.databaseFile, onFatal: unexpected });
    await store.createRun({ by: ada, run: newRun("r1"), now: start });
    await store.close();
    await first.release();

    const second = await openDataFolder({ folder });
    expect(second.prepared).toEqual({ outcome: "current" });
    const again = await openSqliteStore({ file: second.databaseFile, onFatal: unexpected });
    expect(await again.getRun({ run: "r1" })).toMatchObject({ id: "r1", status: "queued" });
    await again.close();
    await second.release();
  });

  test("is rid of the copies that a killed process was sending as backups, and of nothing else", async () => {
    const folder = folders.next();
    const copy = `backup-${crypto.randomUUID()}.db`;
    for (const name of [copy, `${copy}.part`, "backup-monday.db", "backup.tar"]) writeFileSync(join(folder, name), "x");
    await (await openDataFolder({ folder })).release();
    const left = readdirSync(folder).filter((name) => name.startsWith("backup"));
    expect(left.toSorted()).toEqual(["backup-monday.db", "backup.tar"]);
  });

  test("is one process's at a time, and the refusal names it", async () => {
    const folder = folders.next();
    const held = await openDataFolder({ folder });
    const refused = await openDataFolder({ folder }).catch((error: unknown) => error);
    if (!(refused instanceof SluiceError)) throw new Error("it was not refused");
    expect([refused.code, refused.details]).toEqual(["data_folder_locked", { pid: process.pid }]);
    expect(refused.message).toContain(`process ${process.pid}`);
    expect(refused.hint).toContain("up --replace");
    await held.release();
    await (await openDataFolder({ folder })).release();
  });

  test("with a database that cannot be used is refused, left as it is, and not kept locked", async () => {
    const folder = folders.next();
    writeFileSync(join(folder, "state.db"), "this is not a database".repeat(50));
    const before = readFileSync(join(folder, "state.db"), "utf8");
    expect(await refusal(openDataFolder({ folder }))).toBe("data_folder_corrupt");
    expect(await refusal(openDataFolder({ folder }))).toBe("data_folder_corrupt");
    expect(readFileSync(join(folder, "state.db"), "utf8")).toBe(before);
    expect(readdirSync(folder).toSorted()).toEqual(["lock", "state.db"]);
  });
});
