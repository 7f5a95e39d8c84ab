// The audit trail over HTTP: searched, taken out, checked, and written for what is no row of the store.
import { describe, expect, test } from "bun:test";
import { verifyAudit } from "@sluice/core/identity/audit";
import type { AuditView } from "@sluice/core/identity";
import type { AuditNote } from "@sluice/core";
import { SluiceError } from "@sluice/protocol";
import { schemas } from "@sluice/protocol/http-schemas";
import { HttpFixture } from "../http-fixture.ts";
import { own, signIn } from "./identity-fixture.suite.ts";

const at = 1_800_000_000_000;

function note(number: number, more: Partial<AuditNote> = {}): AuditNote {
  const by = { kind: "user", id: "ada", origin: { name: "Ada", address: "192.0.2.7", session: "s1" } } as const;
  return { at: at + number, by, action: "run:cancel", target: `run:r${number}`, outcome: "done", ...more };
}

async function filled(count: number, more: Partial<AuditNote> = {}): Promise<HttpFixture> {
  const fixture = await HttpFixture.make();
  for (let i = 1; i <= count; i++) await fixture.store.audit.recordAudit({ note: note(i, more) });
  return fixture;
}

const rowsOf = (text: string): AuditView[] =>
  text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as AuditView);

describe("searching", () => {
  test("answers as the contract says, newest first, in pages", async () => {
    await using fixture = await filled(5);
    const first = await fixture.get("/api/v1/audit?limit=2");
    expect(first.status).toBe(200);
    const page = schemas.AuditTrail.parse(first.body);
    expect(page.records.map(({ seq }) => seq)).toEqual([5, 4]);
    expect(page.records[0]).toMatchObject({ actor: "user:ada", actorName: "Ada", session: "s1", token: null });
    const second = await fixture.get(`/api/v1/audit?limit=9&cursor=${page.nextCursor}`);
    expect(schemas.AuditTrail.parse(second.body)).toMatchObject({ nextCursor: null });
    expect((second.body as { records: AuditView[] }).records.map(({ seq }) => seq)).toEqual([3, 2, 1]);
  });

  test("opens one row by its number", async () => {
    await using fixture = await filled(3);
    const { body } = await fixture.get("/api/v1/audit/rows/2");
    expect(schemas.AuditRow.parse(body).record).toMatchObject({ seq: 2, target: "run:r2" });
    for (const seq of ["0", "4", "-1", "x", "2.5"]) {
      expect((await fixture.get(`/api/v1/audit/rows/${seq}`)).body.error.code).toBe("not_found");
    }
  });

  test("finds by every filter, and refuses what is none", async () => {
    await using fixture = await filled(3);
    const { audit } = fixture.store;
    const by = { kind: "token", id: "t1" } as const;
    await audit.recordAudit({ note: note(4, { by, action: "state:write", outcome: "refused", reason: "forbidden" }) });
    const find = async (query: string) => {
      const { body } = await fixture.get(`/api/v1/audit?${query}`);
      return (body as { records: AuditView[] }).records.map(({ seq }) => seq);
    };
    expect(await find("actor=user")).toEqual([3, 2, 1]);
    expect(await find("actor=token:t1")).toEqual([4]);
    expect(await find("action=run:*&target=run:r2")).toEqual([2]);
    expect(await find("outcome=refused")).toEqual([4]);
    expect(await find("text=FORBIDDEN")).toEqual([4]);
    expect(await find(`from=${at + 2}&to=${new Date(at + 4).toISOString()}`)).toEqual([3, 2]);
    for (const query of ["outcome=perhaps", "outcome=done,failed", "cursor=x", "limit=0", "who=ada", "from=soon"]) {
      const { status, body } = await fixture.get(`/api/v1/audit?${query}`);
      expect([query, status, body.error.code]).toEqual([query, 400, "invalid_filter"]);
    }
  });
});

describe("an export", () => {
  test("is every row as a line, oldest first, to be kept as a file", async () => {
    await using fixture = await filled(1_203, { after: '{"a":"b\\nc"}' });
    const { status, headers, body } = await fixture.get("/api/v1/audit/export");
    expect([status, headers.get("content-type")]).toEqual([200, "application/x-ndjson"]);
    expect(headers.get("content-disposition")).toBe('attachment; filename="sluice-audit.jsonl"');
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    const rows = rowsOf(body as string);
    expect(rows.map(({ seq }) => seq)).toEqual(Array.from({ length: 1_203 }, (_, i) => i + 1));
    const { hash } = await fixture.store.audit.auditHead();
    expect(rows.at(-1)?.hash).toBe(hash);
  });

  test("takes the filters of a search", async () => {
    await using fixture = await filled(9);
    const { body } = await fixture.get(`/api/v1/audit/export?target=run:r2*&from=${at}`);
    expect(rowsOf(body as string).map(({ seq }) => seq)).toEqual([2]);
    expect((await fixture.get("/api/v1/audit/export?limit=3")).status).toBe(400);
    expect((await fixture.get("/api/v1/audit/export?text=nobody")).body).toBeNull();
  });
});

describe("a check", () => {
  test("answers as the contract says, also when something is wrong", async () => {
    const problems = [{ seq: 2, problem: "changed", message: "Row 2 …" } as const];
    await using wrong = await HttpFixture.make({
      http: { verifyAudit: async () => ({ ok: false, rows: 3, checkpoints: 1, problems, warnings: ["w"] }) },
    });
    const answer = await wrong.post("/api/v1/audit/verify");
    expect(answer.status).toBe(200);
    expect(schemas.AuditReport.parse(answer.body)).toMatchObject({ ok: false, problems: [{ seq: 2 }] });
    await using fixture = await filled(3);
    const sound = schemas.AuditReport.parse((await fixture.post("/api/v1/audit/verify")).body);
    expect(sound).toMatchObject({ ok: true, rows: 3, checkpoints: 0, problems: [] });
    expect(sound.warnings).toEqual([expect.stringContaining("would go unseen")]);
    expect((await fixture.post("/api/v1/audit/verify", { deep: true })).status).toBe(400);
  });
});

describe("a backup", () => {
  const archive = (...pieces: (string | Error)[]) =>
    new ReadableStream<Uint8Array>(
      {
        pull(controller) {
          const piece = pieces.shift();
          if (piece === undefined) controller.close();
          else if (typeof piece === "string") controller.enqueue(new TextEncoder().encode(piece));
          else throw piece;
        },
      },
      { highWaterMark: 0 },
    );
  const rows = (fixture: HttpFixture) => fixture.store.audit.readAudit({ after: 0, limit: 99 });
  const full = new SluiceError({ code: "disk_full", message: "no room" });

  test("has its intent in the trail before it begins and its outcome behind", async () => {
    await using fixture = await HttpFixture.make({
      http: {
        backup: async () => {
          expect(await rows(fixture)).toMatchObject([{ action: "backup:create", outcome: "intended" }]);
          return archive("abc", "de");
        },
      },
    });
    expect((await fixture.post("/api/v1/backup")).body).toBe("abcde");
    const [intent, outcome, ...more] = await rows(fixture);
    expect(more).toEqual([]);
    expect(intent?.by.origin?.address).toBe("127.0.0.1");
    const target = `backup:${fixture.store.instance}`;
    expect(outcome).toMatchObject({
      action: "backup:create",
      target,
      outcome: "done",
      intent: 1,
      after: '{"bytes":5}',
    });
  });

  test("is downloaded by a browser with a ticket, once, and not with its cookie alone", async () => {
    await using fixture = await HttpFixture.make({ http: { backup: async () => archive("abc") } });
    await fixture.post("/api/v1/users", { name: "ada", password: "correct horse battery", roles: ["admin"] });
    const ada = await signIn(fixture, "ada");
    const path = "/api/v1/backup";
    expect((await ada.send("GET", path)).body.error.code).toBe("unauthorized");
    const { ticket } = (await ada.send("POST", "/api/v1/auth/tickets", { route: path })).body;
    const download = () => fixture.send(`${path}?ticket=${ticket}`, { token: null, headers: own });
    const first = await download();
    expect([first.status, first.body, first.headers.get("content-disposition")]).toEqual([
      200,
      "abc",
      expect.stringContaining("sluice-backup.tar"),
    ]);
    expect((await download()).body.error.code).toBe("ticket_invalid");
    expect((await fixture.send(path)).status).toBe(401);
  });

  test("that cannot be made, breaks off or is not wanted any more has failed", async () => {
    const archives = [() => Promise.reject(full), async () => archive("abc", full), async () => archive("abc", "def")];
    await using fixture = await HttpFixture.make({ http: { backup: () => archives.shift()!() } });
    const send = () =>
      fixture.http.fetch(
        fixture.request("/api/v1/backup", {
          method: "POST",
          body: "{}",
          headers: { "content-type": "application/json" },
        }),
        fixture.connections,
      );
    expect((await send()).status).toBe(503);
    const broken = await (await send()).text().catch((error: unknown) => (error as { code?: unknown }).code);
    expect(broken).toBe("disk_full");
    const reader = (await send()).body?.getReader();
    await reader?.read();
    await reader?.cancel();
    const outcomes = (await rows(fixture)).filter(({ intent }) => intent !== undefined);
    expect(outcomes.map(({ intent, outcome, reason }) => [intent, outcome, reason])).toEqual([
      [1, "failed", "disk_full"],
      [3, "failed", "disk_full"],
      [5, "failed", "cancelled"],
    ]);
    expect(await verifyAudit({ chain: fixture.store.audit })).toMatchObject({ ok: true, rows: 6 });
  });
});
