// The same requests to the published server and to the face: same status, same type, and every key that one has the other has, too.
import { afterAll, describe, expect, test } from "bun:test";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FaceRig } from "./face-rig.suite.ts";
import { published } from "./published.suite.ts";

const peer = await published();

if (typeof peer === "string") {
  describe.skip(`the published server is not there: ${peer}`, () => test("answers as the face does", () => undefined));
} else {
  const home = realpathSync(mkdtempSync(join(tmpdir(), "sluice-oracle-")));
  const project = join(home, "project");
  mkdirSync(project);
  const git = (...args: string[]): void =>
    void execFileSync("git", ["-c", "user.name=a", "-c", "user.email=a@example.org", ...args], { cwd: project });
  git("init", "-q", "-b", "main");
  writeFileSync(join(project, "readme.md"), "# one\n");
  writeFileSync(join(project, "picture.png"), "not one");
  git("add", "-A");
  git("commit", "-q", "-m", "one");
  writeFileSync(join(project, "readme.md"), "# one\ntwo\n");
  writeFileSync(join(project, "new.txt"), "new\n");
  const face = await FaceRig.make({ roots: [home, peer.work] });
  afterAll(async () => {
    await face[Symbol.asyncDispose]();
    await peer[Symbol.asyncDispose]();
    rmSync(home, { recursive: true, force: true });
  });
  const ids = { theirs: "", ours: "" };

  /** Types by key; of lists, that of the first. What is null or absent on a side may be anything on the other. */
  const shapeOf = (value: unknown): unknown => {
    if (value === null || value === undefined) return null;
    if (Array.isArray(value)) return [shapeOf(value[0])];
    if (typeof value !== "object") return typeof value;
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, shapeOf(each)]));
  };
  /** What the first has and the second has not, by its place. */
  const missing = (theirs: unknown, ours: unknown, at = ""): readonly string[] => {
    if (theirs === null || ours === null) return [];
    if (Array.isArray(theirs)) return Array.isArray(ours) ? missing(theirs[0], ours[0], `${at}[]`) : [at];
    if (typeof theirs !== "object") return theirs === ours ? [] : [`${at}: ${JSON.stringify(ours)}`];
    if (typeof ours !== "object" || Array.isArray(ours)) return [at];
    return Object.entries(theirs).flatMap(([key, each]) =>
      key in ours ? missing(each, (ours as Record<string, unknown>)[key], `${at}.${key}`) : [`${at}.${key}`],
    );
  };

  const ask = async (side: "theirs" | "ours", method: string, path: string, body?: unknown) => {
    const base = side === "theirs" ? peer.url : face.face.url;
    const filled = path
      .replaceAll("{id}", ids[side])
      .replaceAll("{p}", encodeURIComponent(project))
      .replaceAll("{h}", encodeURIComponent(home));
    const form =
      body instanceof FormData
        ? { body }
        : { body: JSON.stringify(body), headers: { "content-type": "application/json" } };
    const response = await fetch(`${base}${filled}`, { method, ...(body === undefined ? {} : form) });
    const type = response.headers.get("content-type")?.split(";")[0] ?? null;
    // Each has ids of its own.
    const text = (await response.text()).replaceAll(ids[side] === "" ? "{id}" : ids[side], "{id}");
    return {
      status: response.status,
      type,
      text,
      json: type === "application/json" ? (JSON.parse(text) as unknown) : undefined,
    };
  };

  /** Requests one after the other; later ones see what earlier ones did. */
  const check = async (
    requests: readonly (readonly [method: string, path: string, body?: unknown])[],
  ): Promise<void> => {
    const differences: unknown[] = [];
    for (const [method, path, body] of requests) {
      const [theirs, ours] = [await ask("theirs", method, path, body), await ask("ours", method, path, body)];
      const lacking = missing(shapeOf(theirs.json), shapeOf(ours.json));
      if (theirs.status !== ours.status || theirs.type !== ours.type || lacking.length > 0)
        differences.push([
          method,
          path,
          [theirs.status, theirs.type, theirs.text.slice(0, 300)],
          [ours.status, ours.type, ours.text.slice(0, 300)],
          lacking,
        ]);
    }
    expect(differences).toEqual([]);
  };

  describe("the published server and the face answer alike", () => {
    test("of themselves", async () => {
      await check([
        ["GET", "/api/health"],
        ["GET", "/api/config"],
        ["PUT", "/api/config", { repositoryBasePath: "/tmp" }],
        [
          "PUT",
          "/api/config",
          { quickStartCommands: [{ command: "ls" }, { command: "" }], notificationPreferences: { bell: false } },
        ],
        ["PUT", "/api/config", {}],
        ["GET", "/api/server/status"],
        ["GET", "/api/sessions/tailscale/status"],
        ["GET", "/api/auth/config"],
        ["GET", "/api/auth/current-user"],
        ["GET", "/api/auth/verify"],
        ["GET", "/api/auth/avatar/root"],
        ["GET", "/api/auth/avatar/a%20b"],
        ["POST", "/api/auth/challenge", {}],
        ["POST", "/api/auth/ssh-key", {}],
        ["POST", "/api/auth/password", {}],
        ["POST", "/api/auth/password", { userId: "nobody-of-that-name", password: "x" }],
        ["POST", "/api/auth/logout", {}],
        ["POST", "/api/logs/client", { level: "log", module: "m", args: ["a"] }],
        ["POST", "/api/logs/client", {}],
        ["GET", "/api/logs/info"],
        ["GET", "/api/logs/raw"],
        ["POST", "/api/logs/flush"],
        ["DELETE", "/api/logs/clear"],
        ["POST", "/api/test-notification", {}],
        ["GET", "/api/remotes"],
        ["POST", "/api/remotes/register", {}],
        ["DELETE", "/api/remotes/x"],
        ["POST", "/api/remotes/x/refresh-sessions", {}],
        ["GET", "/api/nothing"],
        ["GET", "/nothing"],
        ["GET", "/api/multiplexer/context"],
        ["POST", "/api/multiplexer/attach", {}],
        ["POST", "/api/multiplexer/sessions", {}],
        ["GET", "/api/tmux/available"],
        ["GET", "/api/tmux/context"],
        ["POST", "/api/tmux/sessions", {}],
        ["POST", "/api/tmux/attach", {}],
        ["GET", "/api/push/status"],
        ["POST", "/api/push/subscribe", {}],
        ["POST", "/api/push/test", {}],
        ["GET", "/api/push/vapid-public-key"],
      ]);
    }, 120_000);

    test("of sessions", async () => {
      await check([
        ["GET", "/api/sessions"],
        ["POST", "/api/sessions", { command: [] }],
        ["POST", "/api/sessions", {}],
      ]);
      for (const side of ["theirs", "ours"] as const) {
        const { json } = await ask(side, "POST", "/api/sessions", {
          command: ["cat"],
          workingDir: project,
          name: "one",
        });
        ids[side] = (json as { readonly sessionId: string }).sessionId;
        const isThere = async (): Promise<boolean> =>
          ((await ask(side, "GET", "/api/sessions/{id}")).json as { readonly status?: string }).status === "running";
        while (!(await isThere())) await new Promise((resolve) => setImmediate(resolve));
      }
      await check([
        ["GET", "/api/sessions"],
        ["GET", "/api/sessions/{id}"],
        ["GET", "/api/sessions/{id}/activity"],
        ["GET", "/api/sessions/activity"],
        ["GET", "/api/sessions/{id}/git-status"],
        ["POST", "/api/sessions/{id}/input", { text: "hi" }],
        ["POST", "/api/sessions/{id}/input", { key: "enter" }],
        ["POST", "/api/sessions/{id}/input", { key: "nope" }],
        ["POST", "/api/sessions/{id}/input", {}],
        ["POST", "/api/sessions/{id}/input", { text: "a", key: "enter" }],
        ["POST", "/api/sessions/{id}/input", { text: 1 }],
        ["POST", "/api/sessions/{id}/resize", { cols: 100, rows: 30 }],
        ["POST", "/api/sessions/{id}/resize", { cols: 1_001, rows: 30 }],
        ["POST", "/api/sessions/{id}/resize", { cols: "a" }],
        ["POST", "/api/sessions/{id}/reset-size", {}],
        ["PATCH", "/api/sessions/{id}", { name: "two" }],
        ["PATCH", "/api/sessions/{id}", { name: " " }],
        ["GET", "/api/sessions/{id}/text"],
        ["GET", "/api/sessions/{id}/text?styles"],
        ["GET", "/api/sessions/{id}/buffer"],
        ["DELETE", "/api/sessions/{id}"],
        ["GET", "/api/sessions/{id}"],
        ["POST", "/api/sessions/{id}/input", { text: "hi" }],
        ["DELETE", "/api/sessions/{id}"],
        ["GET", "/api/sessions/{id}"],
        ["DELETE", "/api/sessions/{id}/cleanup"],
        ["DELETE", "/api/sessions/none"],
        ["GET", "/api/sessions/none/activity"],
        ["GET", "/api/sessions/none/text"],
        ["GET", "/api/sessions/none/stream"],
        ["POST", "/api/sessions/none/input", { text: "a" }],
        ["POST", "/api/cleanup-exited", {}],
      ]);
    }, 120_000);

    test("of files", async () => {
      const form = (): FormData => {
        const made = new FormData();
        made.set("file", new File(["content"], "a.txt"));
        return made;
      };
      await check([
        ["GET", "/api/fs/browse?path={p}"],
        ["GET", "/api/fs/browse?path={p}&showHidden=true&gitFilter=none"],
        ["GET", "/api/fs/browse?path={p}&gitFilter=changed"],
        ["GET", "/api/fs/browse?path={p}%2Freadme.md"],
        ["GET", "/api/fs/browse?path={p}%2Fnone"],
        ["GET", "/api/fs/preview?path={p}%2Freadme.md"],
        ["GET", "/api/fs/preview?path={p}%2Fpicture.png"],
        ["GET", "/api/fs/preview?path={p}"],
        ["GET", "/api/fs/preview?path={p}%2Fnone"],
        ["GET", "/api/fs/preview"],
        ["GET", "/api/fs/raw?path={p}%2Freadme.md"],
        ["GET", "/api/fs/raw?path={p}%2Fnone"],
        ["GET", "/api/fs/raw"],
        ["GET", "/api/fs/content?path={p}%2Freadme.md"],
        ["GET", "/api/fs/content"],
        ["GET", "/api/fs/completions?path={h}%2Fpro"],
        ["GET", "/api/fs/completions?path={p}%2F"],
        ["GET", "/api/fs/completions?path={p}%2Fnone%2Fx"],
        ["POST", "/api/fs/mkdir", { path: project, name: "made" }],
        ["POST", "/api/fs/mkdir", { path: project, name: "../made" }],
        ["POST", "/api/fs/mkdir", {}],
        ["POST", "/api/files/upload", form()],
        ["GET", "/api/files"],
        ["GET", "/api/files/none.txt"],
        ["GET", "/api/files/a..b"],
        ["DELETE", "/api/files/none.txt"],
      ]);
    }, 120_000);

    test("of repositories", async () => {
      const worktree = (side: string): object => ({
        repoPath: project,
        branch: side,
        path: join(home, side),
        baseBranch: "main",
      });
      await check([
        ["GET", "/api/git/repo-info?path={p}"],
        ["GET", "/api/git/repo-info?path={h}"],
        ["GET", "/api/git/repo-info"],
        ["GET", "/api/git/repository-info?path={p}"],
        ["GET", "/api/git/status?path={p}"],
        ["GET", "/api/git/remote?path={p}"],
        ["GET", "/api/git/notifications"],
        ["POST", "/api/git/event", { repoPath: project, branch: "main", event: "commit" }],
        ["POST", "/api/git/event", {}],
        ["GET", "/api/repositories/discover?path={h}"],
        ["GET", "/api/repositories/branches?path={p}"],
        ["GET", "/api/repositories/branches"],
        ["GET", "/api/worktrees?repoPath={p}"],
        ["GET", "/api/worktrees"],
        ["POST", "/api/worktrees", {}],
        ["POST", "/api/worktrees/prune", { repoPath: project }],
        ["POST", "/api/worktrees/prune", {}],
        ["POST", "/api/worktrees/follow", {}],
        ["DELETE", "/api/worktrees/none?repoPath={p}"],
        ["DELETE", "/api/worktrees/none"],
      ]);
      // Both work on one repository: each makes a tree of its own.
      const made = [
        await ask("theirs", "POST", "/api/worktrees", worktree("a")),
        await ask("ours", "POST", "/api/worktrees", worktree("b")),
      ];
      expect(made.map(({ status, json }) => [status, Object.keys(json as object)])).toEqual([
        [200, ["message", "worktreePath", "branch"]],
        [200, ["message", "worktreePath", "branch"]],
      ]);
      await check([["GET", "/api/worktrees?repoPath={p}"]]);
      const gone = [
        await ask("theirs", "DELETE", "/api/worktrees/a?repoPath={p}"),
        await ask("ours", "DELETE", "/api/worktrees/b?repoPath={p}"),
      ];
      expect(gone.map(({ status, json }) => [status, Object.keys(json as object)])).toEqual([
        [200, ["success", "message", "removedPath"]],
        [200, ["success", "message", "removedPath"]],
      ]);
    }, 120_000);
  });
}
