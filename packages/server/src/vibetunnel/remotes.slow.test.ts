// Faces that register with another one, and sessions of multiplexers.
import { describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FaceRig } from "./face-rig.suite.ts";

test("sessions of a face that has registered are in the list of the other, and are typed into, shown and begun there", async () => {
  const login = { name: "hq", password: "a password of the listener" };
  const hq = await FaceRig.make({ hq: true, authentication: true, login });
  const register = { url: hq.face.url, username: login.name, password: login.password, name: "far" };
  const far = await FaceRig.make({ authentication: true, register });
  const signedIn = await hq.send("POST", "/api/auth/password", {
    body: { userId: login.name, password: login.password },
  });
  const headers = { authorization: `Bearer ${signedIn.body.token}` };
  const remotes = await hq.send("GET", "/api/remotes", { headers });
  expect(remotes.body).toMatchObject([{ name: "far", url: far.face.url }]);
  expect(remotes.text).not.toContain("token");
  const remoteId = remotes.body[0].id as string;
  const made = await hq.send("POST", "/api/sessions", { headers, body: { command: ["cat"], remoteId } });
  const id = String(made.body.sessionId);
  const listed = await hq.send("GET", "/api/sessions", { headers });
  expect(listed.body).toMatchObject([{ id, source: "remote", remoteName: "far" }]);
  await hq.send("POST", `/api/sessions/${id}/input`, { headers, body: { text: "far away\r" } });
  await hq.until(async () =>
    (await hq.send("GET", `/api/sessions/${id}/text`, { headers })).text.includes("far away\nfar away"),
  );
  expect((await hq.send("GET", `/api/sessions/${id}/text`)).status).toBe(401);
  expect((await hq.send("POST", "/api/remotes/far/refresh-sessions", { headers, body: {} })).body).toEqual({
    success: true,
    sessionCount: 1,
  });
  await far[Symbol.asyncDispose]();
  expect((await hq.send("GET", "/api/remotes", { headers })).body).toEqual([]);
  await hq[Symbol.asyncDispose]();
}, 60_000);

if (Bun.which("tmux") === null) {
  describe.skip("tmux is missing: bash scripts/ci-setup.sh", () => test("sessions of tmux", () => undefined));
} else {
  test("sessions of tmux are begun, listed, attached to, typed into and ended, and no name is an option", async () => {
    const folder = mkdtempSync(join(tmpdir(), "sluice-tmux-"));
    const before = process.env["TMUX_TMPDIR"];
    process.env["TMUX_TMPDIR"] = folder;
    const face = await FaceRig.make();
    try {
      expect((await face.send("POST", "/api/tmux/sessions", { body: { name: "one", command: ["cat"] } })).body).toEqual(
        { success: true, name: "one" },
      );
      expect((await face.send("GET", "/api/tmux/sessions")).body.sessions).toMatchObject([{ name: "one", windows: 1 }]);
      expect((await face.send("GET", "/api/tmux/sessions/one/windows")).body.windows).toMatchObject([
        { session: "one", panes: 1 },
      ]);
      expect((await face.send("GET", "/api/multiplexer/tmux/sessions/one/panes")).body.panes).toMatchObject([
        { command: "cat" },
      ]);
      expect((await face.send("GET", "/api/multiplexer/status")).body.tmux).toMatchObject({
        available: true,
        sessions: [{ name: "one" }],
      });
      expect((await face.send("POST", "/api/tmux/sessions/one/send", { body: { command: "typed" } })).body).toEqual({
        success: true,
      });
      for (const name of ["-x", "a;b", "$(id)", "one:0"])
        expect([name, (await face.send("DELETE", `/api/tmux/sessions/${encodeURIComponent(name)}`)).status]).toEqual([
          name,
          500,
        ]);
      expect(
        (await face.send("POST", "/api/multiplexer/attach", { body: { type: "tmux", sessionName: "one" } })).body,
      ).toMatchObject({ success: true, target: { type: "tmux", session: "one" } });
      expect((await face.send("DELETE", "/api/multiplexer/tmux/sessions/one")).body).toEqual({ success: true });
    } finally {
      await face[Symbol.asyncDispose]();
      if (before === undefined) delete process.env["TMUX_TMPDIR"];
      else process.env["TMUX_TMPDIR"] = before;
      rmSync(folder, { recursive: true, force: true });
    }
  }, 60_000);
}
