// `/api/git`, `/api/worktrees` and `/api/repositories`: repositories below the roots.
import { readdir, stat } from "node:fs/promises";
import { homedir } from "node:os";
import { basename, join } from "node:path";
import type { Hono } from "hono";
import { answer, problem } from "./answers.ts";
import { bodyOf, textIn } from "./face.ts";
import type { Face, FaceCall, FaceEnv } from "./face.ts";
import { countsOf, git, gitStatusOf } from "./git.ts";
import type { GitStatus } from "./git.ts";

const repositoriesMax = 500;
const depthMax = 6;
const depthDefault = 3;
/** Notes of git events that are told to those who ask for them. */
const notificationsMax = 100;

export function addGitRoutes(app: Hono<FaceEnv>, face: Face): void {
  const notifications: object[] = [];
  app.get("/api/git/repo-info", async (call) =>
    withStatus(face, call, (status) => ({ isGitRepo: true, repoPath: status.root })),
  );
  app.get("/api/git/repository-info", async (call) =>
    withStatus(face, call, async (status) => ({
      ...summaryOf(status),
      isWorktree: status.isWorktree,
      remoteUrl: await remoteOf(status.root),
    })),
  );
  app.get("/api/git/status", async (call) => withStatus(face, call, summaryOf));
  app.get("/api/git/remote", async (call) =>
    withStatus(face, call, async (status) => {
      const remoteUrl = await remoteOf(status.root);
      return { isGitRepo: true, remoteUrl, githubUrl: githubUrlOf(remoteUrl) };
    }),
  );
  app.get("/api/git/notifications", () => answer({ notifications: notifications.splice(0) }));
  app.post("/api/git/event", async (call) => {
    const body = await bodyOf(call);
    const asked = textIn(body, "repoPath");
    if (asked === undefined) return problem(400, "Missing or invalid repoPath parameter");
    const folder = await folderOf(face, asked);
    if (folder instanceof Response) return folder;
    const [branch, event] = [body["branch"], body["event"]];
    const notification = { type: "git-event", repoPath: folder, branch, event, followMode: false, sessionsUpdated: [] };
    notifications.push(notification);
    if (notifications.length > notificationsMax) notifications.shift();
    return answer({ success: true, repoPath: folder, sessionsUpdated: 0, followMode: false, notification });
  });
  app.get("/api/repositories/discover", async (call) => discover(face, call));
  app.get("/api/repositories/branches", async (call) => branches(face, call));
}

/** Where a path leads, if it may be shown. */
export async function folderOf(face: Face, path: string): Promise<string | Response> {
  const opened = await face.files.roots.folder(path);
  if (!opened.ok)
    return opened.error.code === "forbidden" ? problem(403, "Access denied") : problem(404, "Folder not found");
  await using folder = opened.value;
  return folder.path;
}

async function withStatus(
  face: Face,
  call: FaceCall,
  shown: (status: GitStatus) => object | Promise<object>,
): Promise<Response> {
  const path = call.req.query("path");
  if (path === undefined || path === "") return problem(400, "Missing or invalid path parameter");
  const folder = await folderOf(face, path);
  if (folder instanceof Response) return folder.status === 404 ? answer({ isGitRepo: false }) : folder;
  const status = await gitStatusOf(folder);
  return answer(status === undefined ? { isGitRepo: false } : await shown(status));
}

function summaryOf(status: GitStatus): object {
  const counts = countsOf(status);
  return {
    isGitRepo: true,
    repoPath: status.root,
    currentBranch: status.branch ?? null,
    hasChanges: status.files.length > 0,
    modifiedCount: counts.modified,
    untrackedCount: counts.untracked,
    stagedCount: counts.staged,
    addedCount: counts.added,
    deletedCount: counts.deleted,
    aheadCount: status.ahead,
    behindCount: status.behind,
    hasUpstream: status.hasUpstream,
  };
}

async function remoteOf(root: string): Promise<string | null> {
  const { exitCode, stdout } = await git(root, ["remote", "get-url", "origin"]);
  return exitCode === 0 ? stdout.trim() : null;
}

function githubUrlOf(remote: string | null): string | null {
  const [, path] = /^(?:https:\/\/github\.com\/|git@github\.com:)(.+?)(?:\.git)?$/.exec(remote ?? "") ?? [];
  return path === undefined ? null : `https://github.com/${path}`;
}

async function discover(face: Face, call: FaceCall): Promise<Response> {
  const asked = call.req.query("path") ?? "~/Documents";
  const depth = Math.min(Number.parseInt(call.req.query("maxDepth") ?? "", 10) || depthDefault, depthMax);
  const folder = await folderOf(face, asked);
  // A folder that is not there has no repositories in it.
  if (folder instanceof Response) return folder.status === 404 ? answer([]) : folder;
  const found: string[] = [];
  await search(folder, depth, found);
  const shown = await Promise.all(found.map(repositoryOf));
  return answer(shown.toSorted((a, b) => a.folderName.localeCompare(b.folderName)));
}

async function search(folder: string, depth: number, found: string[]): Promise<void> {
  if (found.length >= repositoriesMax) return;
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  if (entries.some(({ name }) => name === ".git")) {
    found.push(folder);
    return;
  }
  if (depth === 0) return;
  for (const entry of entries)
    // Links are left alone: they lead in circles, and out of the roots.
    if (entry.isDirectory() && !entry.name.startsWith(".") && entry.name !== "node_modules")
      await search(join(folder, entry.name), depth - 1, found);
}

async function repositoryOf(path: string) {
  const [facts, head] = await Promise.all([stat(path), git(path, ["branch", "--show-current"])]);
  const branch = head.stdout.trim();
  const home = homedir();
  return {
    id: `${basename(path)}-${facts.ino}`,
    path,
    folderName: basename(path),
    lastModified: facts.mtime.toISOString(),
    relativePath: path.startsWith(`${home}/`) ? `~${path.slice(home.length)}` : path,
    ...(branch === "" ? {} : { gitBranch: branch }),
  };
}

async function branches(face: Face, call: FaceCall): Promise<Response> {
  const asked = call.req.query("path");
  if (asked === undefined || asked === "") return problem(400, "Missing or invalid path parameter");
  const folder = await folderOf(face, asked);
  if (folder instanceof Response) return folder;
  const format = "%(refname)%09%(HEAD)%09%(worktreepath)";
  const { exitCode, stdout } = await git(folder, ["for-each-ref", `--format=${format}`, "refs/heads", "refs/remotes"]);
  if (exitCode !== 0) return problem(500, "Failed to list branches");
  const shown = stdout
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => {
      const [ref = "", head, worktree = ""] = line.split("\t");
      const remote = ref.startsWith("refs/remotes/");
      const name = ref.replace(/^refs\/(?:heads|remotes)\//, "");
      return { name, current: head === "*", remote, ...(worktree === "" ? {} : { worktree }) };
    });
  return answer(shown);
}
