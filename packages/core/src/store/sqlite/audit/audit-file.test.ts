import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { chainStart } from "../../../kernel/audit-chain.ts";
import { newNote } from "../../audit-log.fixture.suite.ts";
import { openSqliteStore } from "../sqlite-run-store.ts";
import { unexpected, withFolders } from "../sqlite-store.fixture.suite.ts";
import { openAuditFile } from "./audit-file.ts";

const folders = withFolders();

async function store() {
  const file = join(folders.next(), "state.db");
  return { file, store: await openSqliteStore({ file, onFatal: unexpected }) };
}

function codeOf(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    return (error as { code?: unknown }).code;
  }
  return undefined;
}

describe("the trail of a file that is only looked at", () => {
  test("is that of a store that has it open, as it was at one moment", async () => {
    const { file, store: open } = await store();
    await open.audit.recordAudit({ note: newNote("run:r1") });
    const trail = openAuditFile({ file });
    expect(await trail.auditHead()).toEqual(await open.audit.auditHead());
    expect(await trail.auditStart()).toEqual(await open.audit.auditStart());
    await open.audit.recordAudit({ note: newNote("run:r2") });
    expect((await trail.readAudit({ after: 0, limit: 9 })).map(({ target }) => target)).toEqual(["run:r1"]);
    trail.close();
    await open.close();
    const later = openAuditFile({ file });
    expect(await later.readAudit({ after: 1, limit: 9 })).toHaveLength(1);
    later.close();
  });

  test("can be read although its beginning is no longer named", async () => {
    const { file, store: open } = await store();
    await open.audit.recordAudit({ note: newNote("run:r1") });
    await open.close();
    const db = new Database(file);
    db.run("DELETE FROM audit_start");
    db.close();
    const trail = openAuditFile({ file });
    expect(await trail.auditStart()).toMatchObject({ seq: 0, hash: chainStart });
    expect((await trail.auditHead()).seq).toBe(1);
    trail.close();
  });

  test("is refused where there is none", async () => {
    const folder = folders.next();
    const missing = join(folder, "state.db");
    expect(codeOf(() => openAuditFile({ file: missing }))).toBe("data_folder_corrupt");
    const other = join(folder, "other.db");
    const db = new Database(other);
    db.run("CREATE TABLE t (x)");
    db.close();
    expect(codeOf(() => openAuditFile({ file: other }))).toBe("data_folder_corrupt");
    const { file, store: open } = await store();
    await open.close();
    const cut = new Database(file);
    cut.run("DROP TABLE audit");
    cut.close();
    expect(codeOf(() => openAuditFile({ file }))).toBe("data_folder_corrupt");
  });
});
