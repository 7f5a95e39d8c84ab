// `/api/worktrees`: the working trees of a repository, made, removed, and followed.
import type { Hono } from "hono";
import { answer, problem } from "./answers.ts";
import { bodyOf, textIn } from "./face.ts";
import type { Face, FaceCall, FaceEnv } from "./face.ts";
import { folderOf } from "./git-routes.ts";
import { git } from "./git.ts";

/** The branch that sessions of the main tree are told about, in the repository's own settings. */
const followSetting = "vibetunnel.followWorktree";

export function addWorktreeRoutes(app: Hono<FaceEnv>, face: Face): void {
  app.get("/api/worktrees", async (call) => list(face, call));
  app.post("/api/worktrees", async (call) => create(face, call));
  app.post("/api/worktrees/prune", async (call) => prune(face, call));
  app.post("/api/worktrees/follow", async (call) => follow(face, call));
  app.delete("/api/worktrees/:branch", async (call) => remove(face, call));
}

interface Worktree {
  readonly path: string;
  readonly branch: string;
  readonly HEAD: string;
  readonly detached: boolean;
}

/** Of `git worktree list --porcelain`. */
async function worktreesOf(folder: string): Promise<readonly Worktree[] | undefined> {
  const { exitCode, stdout } = await git(folder, ["worktree", "list", "--porcelain"]);
  if (exitCode !== 0) return undefined;
  return stdout
    .split("\n\n")
    .filter((block) => block.trim() !== "")
    .map((block) => {
      const fields = new Map(block.split("\n").map((line) => [line.split(" ")[0] ?? "", line.replace(/^\S+ ?/, "")]));
      return {
        path: fields.get("worktree") ?? "",
        branch: fields.get("branch") ?? "",
        HEAD: fields.get("HEAD") ?? "",
        detached: fields.has("detached"),
      };
    });
}

async function repositoryIn(face: Face, asked: string | undefined, where: string): Promise<string | Response> {
  if (asked === undefined || asked === "") return problem(400, `Missing or invalid repoPath ${where}`);
  return folderOf(face, asked);
}

async function list(face: Face, call: FaceCall): Promise<Response> {
  const folder = await repositoryIn(face, call.req.query("repoPath"), "parameter");
  if (folder instanceof Response) return folder;
  const worktrees = await worktreesOf(folder);
  if (worktrees === undefined) return problem(500, "Failed to list worktrees");
  const baseBranch = await baseBranchOf(folder);
  const shown = await Promise.all(
    worktrees.map(async (worktree) => {
      const [stats, status] = await Promise.all([
        statsOf(worktree, baseBranch),
        git(worktree.path, ["status", "--porcelain"]),
      ]);
      return { ...worktree, ...stats, stats, hasUncommittedChanges: status.stdout.trim() !== "" };
    }),
  );
  const followed = (await git(folder, ["config", followSetting])).stdout.trim();
  return answer({ worktrees: shown, baseBranch, ...(followed === "" ? {} : { followBranch: followed }) });
}

async function baseBranchOf(folder: string): Promise<string> {
  const remote = await git(folder, ["symbolic-ref", "--short", "refs/remotes/origin/HEAD"]);
  if (remote.exitCode === 0) return remote.stdout.trim().replace(/^origin\//, "");
  const main = await git(folder, ["rev-parse", "--verify", "--quiet", "refs/heads/main"]);
  return main.exitCode === 0 ? "main" : "master";
}

async function statsOf({ path, HEAD }: Worktree, base: string) {
  const [ahead, changes] = await Promise.all([
    git(path, ["rev-list", "--count", `${base}..${HEAD}`]),
    git(path, ["diff", "--no-ext-diff", "--shortstat", `${base}...${HEAD}`]),
  ]);
  const count = (pattern: RegExp): number => Number(pattern.exec(changes.stdout)?.[1] ?? 0);
  return {
    commitsAhead: Number(ahead.stdout.trim()) || 0,
    filesChanged: count(/(\d+) files? changed/),
    insertions: count(/(\d+) insertions?/),
    deletions: count(/(\d+) deletions?/),
  };
}

/** What git would take for an option, or for something else than a branch, is no name of one. */
function isBranch(name: string): boolean {
  return /^[\w][\w./+-]{0,254}$/.test(name) && !name.includes("..") && !name.endsWith(".lock");
}

async function create(face: Face, call: FaceCall): Promise<Response> {
  const body = await bodyOf(call);
  const folder = await repositoryIn(face, textIn(body, "repoPath"), "in request body");
  if (folder instanceof Response) return folder;
  const [branch, path, base] = [textIn(body, "branch"), textIn(body, "path"), textIn(body, "baseBranch")];
  if (branch === undefined || !isBranch(branch)) return problem(400, "Missing or invalid branch in request body");
  if (path === undefined) return problem(400, "Missing or invalid path in request body");
  if (base !== undefined && !isBranch(base)) return problem(400, "Missing or invalid branch in request body");
  const entry = await face.files.roots.entry(path);
  if (!entry.ok)
    return entry.error.code === "forbidden" ? problem(403, "Access denied") : problem(400, entry.error.message);
  await using parent = entry.value.folder;
  const place = `${parent.path}/${entry.value.name}`;
  const exists = (await git(folder, ["rev-parse", "--verify", "--quiet", `refs/heads/${branch}`])).exitCode === 0;
  const words = exists ? [place, branch] : ["-b", branch, place, ...(base === undefined ? [] : [base])];
  const added = await git(folder, ["worktree", "add", ...words]);
  if (added.exitCode !== 0) return problem(500, "Failed to create worktree", { details: added.stderr.trim() });
  return answer({ message: "Worktree created successfully", worktreePath: place, branch });
}

async function remove(face: Face, call: FaceCall): Promise<Response> {
  const folder = await repositoryIn(face, call.req.query("repoPath"), "parameter");
  if (folder instanceof Response) return folder;
  const branch = call.req.param("branch") ?? "";
  const fits = ({ branch: of, path }: Worktree): boolean =>
    of === branch || of === `refs/heads/${branch}` || path === branch;
  const found = (await worktreesOf(folder))?.find(fits);
  if (found === undefined) return problem(404, `Worktree for branch '${branch}' not found`);
  // It may lie elsewhere than its repository.
  const allowed = await folderOf(face, found.path);
  if (allowed instanceof Response) return allowed;
  const force = call.req.query("force") === "true";
  const dirty = (await git(found.path, ["status", "--porcelain"])).stdout.trim() !== "";
  if (dirty && !force) return problem(409, "Worktree has uncommitted changes", { worktreePath: found.path });
  const removed = await git(folder, ["worktree", "remove", ...(force ? ["--force"] : []), found.path]);
  if (removed.exitCode !== 0) return problem(500, "Failed to remove worktree", { details: removed.stderr.trim() });
  return answer({ success: true, message: "Worktree removed successfully", removedPath: found.path });
}

async function prune(face: Face, call: FaceCall): Promise<Response> {
  const folder = await repositoryIn(face, textIn(await bodyOf(call), "repoPath"), "in request body");
  if (folder instanceof Response) return folder;
  const { exitCode, stdout, stderr } = await git(folder, ["worktree", "prune", "--verbose"]);
  if (exitCode !== 0) return problem(500, "Failed to prune worktrees", { details: stderr.trim() });
  const output = stdout.trim();
  const message = "Worktree information pruned successfully";
  return answer({ success: true, message, output: output === "" ? "No output" : output, pruned: output });
}

/** Says which branch is followed. No hooks are installed: nothing here changes what git runs. */
async function follow(face: Face, call: FaceCall): Promise<Response> {
  const body = await bodyOf(call);
  const folder = await repositoryIn(face, textIn(body, "repoPath"), "in request body");
  if (folder instanceof Response) return folder;
  const { enable } = body;
  if (typeof enable !== "boolean") return problem(400, "Missing or invalid enable flag in request body");
  if (!enable) {
    await git(folder, ["config", "--unset-all", followSetting]);
    return answer({ success: true, enabled: false, message: "Follow mode disabled" });
  }
  const branch = textIn(body, "branch");
  if (branch === undefined || !isBranch(branch)) return problem(400, "Missing or invalid branch in request body");
  const known = await worktreesOf(folder);
  if (known?.some((worktree) => worktree.branch === `refs/heads/${branch}`) !== true)
    return problem(400, `No worktree found for branch: ${branch}`);
  await git(folder, ["config", followSetting, branch]);
  const hooks = { hooksInstalled: false, hooksInstallResult: { success: false } };
  return answer({ success: true, enabled: true, message: "Follow mode enabled", branch, ...hooks });
}
