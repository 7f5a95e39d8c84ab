import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { RouteName } from "@sluice/protocol/http";
import { asking } from "../contract-fixture.suite.ts";
import { TerminalRig } from "../terminals/terminal-rig.suite.ts";

const visited = new Set<RouteName>();
let rig: TerminalRig;
beforeAll(async () => {
  rig = await TerminalRig.make();
});
afterAll(async () => rig[Symbol.asyncDispose]());

const ask = asking(() => rig.f, visited);

describe("the routes of terminals", () => {
  test("answer what the API document says", async () => {
    const made = await ask("createTerminal", [], {
      body: { command: ["sh"], name: "mine", cols: 100, rows: 30, env: { PS1: "> " }, start: false },
    });
    expect(made.status).toBe(201);
    const { id } = made.body.terminal;
    expect(made.headers.get("location")).toBe(`/api/v1/terminals/${id}`);
    expect(made.body.terminal).toMatchObject({ name: "mine", status: "created", pid: null, cols: 100, rows: 30 });
    expect((await ask("typeInTerminal", [id], { body: { text: "x" } })).body.error.code).toBe("conflict");
    const changed = await ask("changeTerminal", [id], { body: { name: "ours", start: true } });
    expect(changed.body.terminal).toMatchObject({ name: "ours", status: "running" });
    const viewer = rig.view(id);
    await viewer.sees("> ");
    expect((await ask("typeInTerminal", [id], { body: { text: "printf '\\a\\033[32m%s' shown\r" } })).status).toBe(204);
    await viewer.sees("\x1b[32mshown");
    expect((await ask("getTerminalText", [id])).body).toContain("shown");
    const { body } = await ask("getTerminalScreen", [id]);
    expect(body).toMatchObject({ cols: 100, rows: 30, mark: 0 });
    expect(body.screen).toContain("\x1b[0;32mshown");
    expect((await ask("resizeTerminal", [id], { body: { cols: 90, rows: 20 } })).body.terminal).toMatchObject({
      cols: 90,
    });
    expect((await ask("getTerminal", [id])).body.terminal).toMatchObject({ bells: 1, viewers: 1, rows: 20 });
    expect((await ask("listTerminals")).body.terminals).toHaveLength(1);
    expect((await ask("watchTerminal", [id])).body.error.code).toBe("bad_request");
    expect((await ask("endTerminal", [id])).status).toBe(204);
    expect((await ask("getTerminal", [id])).body.error.code).toBe("terminal_not_found");
  });

  test("of recordings do, too: made, searched, had in both versions, and removed", async () => {
    const body = {
      command: ["sh", "-c", "stty -echo; printf 'the key is %s\\n' \"$API_TOKEN\"; read line; echo got it; exit 4"],
      name: "recorded",
      record: "output and input",
      env: { API_TOKEN: "a-very-secret-token" },
    };
    const made = await ask("createTerminal", [], { body });
    const { id } = made.body.terminal;
    expect(made.body.terminal.recorded).toBeTrue();
    const viewer = rig.view(id);
    await viewer.sees("a-very-secret-token");
    while ((await ask("getRecording", [id])).status === 404) continue;
    expect((await ask("removeRecording", [id])).body.error.code).toBe("conflict");
    await ask("resizeTerminal", [id], { body: { cols: 90, rows: 20 } });
    viewer.type("hello\r");
    await viewer.until(() => viewer.last("state")?.state.status === "exited");
    const written = async (): Promise<string> => String((await ask("getRecordingCast", [id])).body);
    while (!(await written()).includes('"x"')) await Promise.resolve();
    const v3 = await written();
    expect(v3).toContain('"the key is *******************\\r\\n"');
    expect(v3).toContain('"i", "hello\\r"');
    expect(v3).toContain('"r", "90x20"');
    expect(v3).toContain('"x", "4"');
    expect(v3).not.toContain("a-very-secret-token");
    const v2 = await ask("getRecordingCast", [id], { query: "?version=2" });
    expect(String(v2.body)).toStartWith('{"version":2,"width":80,"height":24,');
    expect(v2.headers.get("content-disposition")).toBe(`attachment; filename="${id}.cast"`);
    const found = await ask("searchRecording", [id], { query: "?q=GOT" });
    expect(found.body.matches).toMatchObject([{ line: "got it" }]);
    expect((await ask("searchRecording", [id])).body.error.code).toBe("invalid_filter");
    const { recording } = (await ask("getRecording", [id])).body;
    expect(recording).toMatchObject({ id, name: "recorded", createdBy: "token:bootstrap", cols: 80, live: false });
    expect((await ask("listRecordings")).body.recordings).toEqual([recording]);
    expect((await ask("removeRecording", [id])).status).toBe(204);
    expect((await ask("getRecording", [id])).body.error.code).toBe("not_found");
    await ask("endTerminal", [id]);
  });

  test.each([
    ["a part that nobody can record", { record: "everything" }],
    ["no program", { command: [] }],
    ["a command that is text", { command: "sh -c reboot" }],
    ["a NUL in an argument", { command: ["sh", "\0"] }],
    ["a variable that is no name", { env: { "A=B": "1" } }],
    ["no columns", { cols: 1 }],
    ["too many rows", { rows: 1_001 }],
    ["a program that is not there", { command: ["no-such-program"] }],
    ["a folder that is not there", { command: ["sh"], cwd: "/no/such/folder" }],
    ["a field that nobody knows", { shell: "sh" }],
  ])("refuse %s", async (_name, body) => {
    const answer = await ask("createTerminal", [], { body });
    expect([answer.status, answer.body.error.code]).toEqual([400, "bad_request"]);
    expect((await ask("listTerminals")).body.terminals).toEqual([]);
  });
});

describe("who may what with terminals", () => {
  const bearer = (value: string) => ({ authorization: `Bearer ${value}` });

  async function tokenWith(body: object): Promise<string> {
    const { body: made } = await ask("createToken", [], { body: { name: `t${Bun.nanoseconds()}`, ...body } });
    return made.token as string;
  }

  test("beginning one and typing into it is for admins alone", async () => {
    const id = await rig.shell();
    const developer = bearer(await tokenWith({ role: "developer" }));
    for (const [name, params, body] of [
      ["createTerminal", [], {}],
      ["typeInTerminal", [id], { text: "x" }],
      ["resizeTerminal", [id], { cols: 90, rows: 20 }],
      ["changeTerminal", [id], { name: "x" }],
      ["getTerminal", [id], undefined],
      ["listTerminals", [], undefined],
      ["listRecordings", [], undefined],
      ["getRecordingCast", [id], undefined],
      ["removeRecording", [id], undefined],
    ] as const) {
      const answer = await ask(name, params, { headers: developer, ...(body === undefined ? {} : { body }) });
      expect([name, answer.status, answer.body.error.code]).toEqual([name, 403, "forbidden"]);
    }
    await ask("endTerminal", [id]);
  });

  test("a ticket opens the socket it was made for, once", async () => {
    const id = await rig.shell();
    const other = await rig.shell();
    const path = `/api/v1/terminals/${id}/socket`;
    const ticketFor = async (): Promise<string> =>
      (await ask("createTicket", [], { body: { route: path } })).body.ticket as string;
    const viewer = rig.view(id, `?ticket=${await ticketFor()}`, {});
    await viewer.sees("$ ");
    const used = await ticketFor();
    const first = rig.view(id, `?ticket=${used}`, {});
    await first.sees("$ ");
    for (const [terminal, ticket] of [
      [id, used],
      [other, await ticketFor()],
      [id, "tkt_none"],
    ] as const) {
      const refused = rig.view(terminal, `?ticket=${ticket}`, {});
      await refused.closed();
      expect(refused.frames).toEqual([]);
    }
    for (const each of [id, other]) await ask("endTerminal", [each]);
  });

  test("a page of another origin, another host name, and nobody get no terminal", async () => {
    const id = await rig.shell();
    const foreign = [
      { ...bearer("test-token-0123456789"), origin: "https://evil.example" },
      { ...bearer("test-token-0123456789"), host: "evil.example" },
      {},
    ];
    for (const headers of foreign) {
      const viewer = rig.view(id, "", headers);
      await viewer.closed();
      expect(viewer.frames).toEqual([]);
    }
    await ask("endTerminal", [id]);
  });
});
