import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { bufferMessage } from "./cells-codec.ts";
import { FaceRig } from "./face-rig.suite.ts";
import { decodeV3, encodeV3 } from "./v3-codec.ts";

let face: FaceRig;
beforeAll(async () => {
  face = await FaceRig.make();
}, 60_000);
afterAll(async () => face[Symbol.asyncDispose]());

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

describe("sessions of the face", () => {
  test("are begun with a list as the Node server answers, and with a text as the Go server does", async () => {
    const node = await face.send("POST", "/api/sessions", {
      body: { command: ["cat"], workingDir: face.work, name: "n" },
    });
    expect([node.status, Object.keys(node.body)]).toEqual([200, ["sessionId"]]);
    const go = await face.send("POST", "/api/sessions", {
      body: { command: "cat", title: "g", cwd: face.work, cols: 90, rows: 30 },
    });
    expect([go.status, go.body.title, go.body.cwd, go.body.cols, go.body.rows, go.body.active]).toEqual([
      201,
      "g",
      face.work,
      90,
      30,
      true,
    ]);
    expect(typeof go.body.command).toBe("string");
    const { body } = await face.send("GET", "/api/sessions");
    const shown = body.find(({ id }: { id: string }) => id === node.body.sessionId);
    expect(shown).toMatchObject({
      name: "n",
      command: ["cat"],
      workingDir: face.work,
      cwd: face.work,
      status: "running",
      source: "local",
      active: true,
    });
    for (const command of [[], "", undefined, [1], {}])
      expect((await face.send("POST", "/api/sessions", { body: { command } })).body).toEqual({
        error: "Command array is required",
      });
  }, 60_000);

  test("take text and named keys, are resized, renamed, shown, and ended", async () => {
    const id = await face.shell();
    const at = (rest: string): string => `/api/sessions/${id}${rest}`;
    await face.send("POST", at("/input"), { body: { text: "echo fa''ce" } });
    expect((await face.send("POST", at("/input"), { body: { key: "enter" } })).body).toEqual({ success: true });
    await face.until(async () => (await face.send("GET", at("/text"))).text.includes("\nface"));
    for (const [body, status] of [
      [{}, 400],
      [{ text: "a", key: "enter" }, 400],
      [{ key: "nope" }, 500],
      [{ text: 1 }, 400],
    ] as const)
      expect((await face.send("POST", at("/input"), { body })).status).toBe(status);
    expect((await face.send("POST", at("/resize"), { body: { cols: 100, rows: 30 } })).body).toEqual({
      success: true,
      cols: 100,
      rows: 30,
    });
    expect((await face.send("POST", at("/resize"), { body: { cols: 0, rows: 30 } })).status).toBe(400);
    expect((await face.send("PATCH", at(""), { body: { name: "two" } })).body).toEqual({ success: true, name: "two" });
    expect((await face.send("GET", at(""))).body).toMatchObject({ name: "two", cols: 100, rows: 30 });
    const buffer = await fetch(`${face.face.url}${at("/buffer")}`);
    const bytes = new Uint8Array(await buffer.arrayBuffer());
    expect([bytes[0], bytes[1], bytes[2], new DataView(bytes.buffer).getUint32(4, true)]).toEqual([0x54, 0x56, 1, 100]);
    expect((await face.send("DELETE", at(""))).body).toEqual({ success: true, message: "Session killed" });
    expect((await face.send("GET", at(""))).body.status).toBe("exited");
    expect((await face.send("POST", at("/input"), { body: { text: "a" } })).status).toBe(400);
    expect((await face.send("DELETE", at(""))).body.message).toBe("Session cleaned up");
    expect((await face.send("GET", at(""))).status).toBe(404);
  }, 60_000);

  test("are streamed as an asciicast that begins with the screen and ends with the exit", async () => {
    const id = await face.shell(["sh", "-c", "printf before; read line; printf 'got-%s' $line; exit 3"]);
    await face.until(async () => (await face.send("GET", `/api/sessions/${id}/text`)).text.includes("before"));
    const response = await fetch(`${face.face.url}/api/sessions/${id}/stream`);
    expect(response.headers.get("access-control-allow-origin")).toBeNull();
    const reading = response.text();
    await face.send("POST", `/api/sessions/${id}/input`, { body: { text: "x\r" } });
    const heard = await reading;
    const lines = heard
      .split("\n\n")
      .filter((line) => line.startsWith("data: "))
      .map((line) => JSON.parse(line.slice(6)));
    expect(lines[0]).toMatchObject({ version: 2, width: 80, height: 24 });
    expect(
      lines
        .slice(1)
        .filter(([, code]) => code === "o")
        .map(([, , data]) => data)
        .join(""),
    ).toContain("got-x");
    expect(lines.at(-1)).toEqual(["exit", 3, id]);
  }, 60_000);
});

describe("sockets of the face", () => {
  test("/buffers sends screens as cells, and /ws/input types", async () => {
    const id = await face.shell(["cat"]);
    const buffers = face.socket("/buffers");
    buffers.send("nonsense");
    buffers.send(JSON.stringify({ type: "ping" }));
    buffers.send(JSON.stringify({ type: "subscribe", sessionId: id }));
    await buffers.until(() => buffers.texts.some((each) => each.includes('"subscribed"')));
    expect(buffers.texts.map((each) => JSON.parse(each).type)).toEqual(["connected", "error", "pong", "subscribed"]);
    const input = face.socket(`/ws/input?sessionId=${id}`);
    input.send("wo");
    input.send("rd");
    input.send("\0enter\0");
    const cells = Array.from("word").flatMap((letter) => [1, letter.charCodeAt(0)]);
    await buffers.until(() => buffers.bytes.some((message) => text(message).includes(text(new Uint8Array(cells)))));
    const head = bufferMessage(id, new Uint8Array(0));
    expect(buffers.bytes[0]?.slice(0, head.length)).toEqual(head);
    for (const socket of [buffers, input]) socket.close();
    expect((await face.socket("/ws/input?sessionId=none").end()).code).toBe(1008);
  }, 60_000);

  test("/ws of version 3 has output, cells and events, and takes input, sizes and the end", async () => {
    const id = await face.shell(["cat"]);
    const socket = face.socket("/ws");
    const say = (type: Parameters<typeof encodeV3>[0]["type"], payload: Uint8Array | string = "", of = id): void =>
      socket.send(
        encodeV3({ type, id: of, payload: typeof payload === "string" ? new TextEncoder().encode(payload) : payload }),
      );
    const heard = () => socket.bytes.flatMap((bytes) => decodeV3(bytes) ?? []);
    const output = () =>
      heard()
        .filter(({ type }) => type === "stdout")
        .map(({ payload }) => text(payload))
        .join("");
    say("subscribe", new Uint8Array([7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]));
    say("inputText", "one");
    say("inputKey", "enter");
    await socket.until(() => output().includes("one\r\none"));
    await socket.until(() => heard().some(({ type }) => type === "snapshot"));
    say("resize", new Uint8Array([100, 0, 0, 0, 40, 0, 0, 0]));
    const events = () =>
      heard()
        .filter(({ type }) => type === "event")
        .map(({ payload }) => JSON.parse(text(payload)));
    await socket.until(() => events().some(({ type, cols }) => type === "resize" && cols === 100));
    say("inputKey", "nope");
    await socket.until(() => heard().some(({ type }) => type === "error"));
    say("ping", "p");
    await socket.until(() => heard().some(({ type, payload }) => type === "pong" && text(payload) === "p"));
    say("kill", "SIGTERM");
    await socket.until(() => events().some(({ type }) => type === "exit"));
    expect(heard()[0]).toMatchObject({ type: "welcome", id: "" });
    socket.send(new Uint8Array([1, 2, 3]));
    expect((await socket.end()).code).toBe(1007);
  }, 60_000);

  test("/ws of the Go server speaks JSON for one session", async () => {
    const id = await face.shell(["cat"]);
    const socket = face.socket(`/ws?sessionId=${id}`);
    const heard = () => socket.texts.map((each) => JSON.parse(each));
    socket.send(JSON.stringify({ type: "ping" }));
    socket.send(JSON.stringify({ type: "input", data: "go\r" }));
    await socket.until(() =>
      heard()
        .filter(({ type }) => type === "output")
        .map(({ data }) => data)
        .join("")
        .includes("go\r\ngo"),
    );
    socket.send(JSON.stringify({ type: "resize", data: { cols: 70, rows: 20 } }));
    await socket.until(() => heard().some(({ type, data }) => type === "resize" && data.cols === 70));
    expect(heard().some(({ type }) => type === "pong")).toBeTrue();
    socket.close();
  }, 60_000);
});

describe("files of the face", () => {
  test("are those of the roots, however they are asked for", async () => {
    writeFileSync(join(face.work, "page.html"), "<script>alert(1)</script>");
    mkdirSync(join(face.work, "sub"));
    symlinkSync("/etc", join(face.work, "etc"));
    const at = (path: string): string => encodeURIComponent(join(face.work, path));
    const { body } = await face.send("GET", `/api/fs/browse?path=${at("")}`);
    expect(body.files.map(({ name }: { name: string }) => name)).toEqual(["etc", "sub", "page.html"]);
    const raw = await face.send("GET", `/api/fs/raw?path=${at("page.html")}`, { headers: { range: "bytes=1-6" } });
    expect([raw.status, raw.text, raw.headers.get("x-content-type-options")]).toEqual([206, "script", "nosniff"]);
    expect(raw.headers.get("content-security-policy")).toStartWith("sandbox");
    const tag = raw.headers.get("etag") ?? "";
    expect(
      (await face.send("GET", `/api/fs/raw?path=${at("page.html")}`, { headers: { "if-none-match": tag } })).status,
    ).toBe(304);
    for (const path of ["etc/passwd", "../../etc/passwd", "sub/../../../etc/passwd"])
      for (const route of ["raw", "preview", "content", "diff", "diff-content"])
        expect([path, route, (await face.send("GET", `/api/fs/${route}?path=${at(path)}`)).status]).toEqual([
          path,
          route,
          403,
        ]);
    expect((await face.send("GET", "/api/fs/browse?path=/etc")).status).toBe(403);
    expect((await face.send("GET", `/api/fs/browse?path=${encodeURIComponent(face.rig.f.folder)}`)).status).toBe(403);
    expect((await face.send("POST", "/api/fs/mkdir", { body: { path: "/tmp", name: "x" } })).status).toBe(403);
    expect((await face.send("GET", "/api/git/status?path=/etc")).status).toBe(403);
    const form = new FormData();
    form.set("file", new File(["up"], "../../a.sh"));
    const uploaded = await face.send("POST", "/api/files/upload", { body: form });
    expect(uploaded.body).toMatchObject({ success: true, size: 2 });
    expect(uploaded.body.path).toStartWith(join(face.work, ".face", "uploads"));
    expect((await face.send("GET", `/api/files/${uploaded.body.filename}`)).text).toBe("up");
    expect((await face.send("GET", "/api/files/..%2Fconfig.json")).status).toBe(400);
    expect((await face.send("DELETE", `/api/files/${uploaded.body.filename}`)).status).toBe(200);
  }, 60_000);
});
