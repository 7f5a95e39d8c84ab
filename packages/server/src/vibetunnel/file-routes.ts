// `/api/fs` and `/api/files`: folders and files of the roots, shown, compared and made; uploads.
import { readdir, stat } from "node:fs/promises";
import { extname, join, relative } from "node:path";
import type { WireError } from "@sluice/protocol";
import type { Hono } from "hono";
import { isTextType, languageOf, mediaTypeOf } from "../terminal-files/media-types.ts";
import { rawFile } from "../terminal-files/raw-file.ts";
import { isName } from "../terminal-files/roots.ts";
import { answer, problem } from "./answers.ts";
import { bodyOf, textIn } from "./face.ts";
import type { Face, FaceCall, FaceEnv } from "./face.ts";
import { isLink, isUploadName } from "./files.ts";
import { countsOf, git, gitStatusOf } from "./git.ts";
import type { GitStatus } from "./git.ts";

const previewBytesMax = 1024 * 1024;
const textBytesMax = 16 * 1024 * 1024;
const entriesMax = 5_000;
const completionsMax = 20;

export function addFileRoutes(app: Hono<FaceEnv>, face: Face): void {
  app.get("/api/fs/browse", async (call) => browse(face, call));
  app.get("/api/fs/preview", async (call) => preview(face, call));
  app.get("/api/fs/raw", async (call) => raw(face, call));
  app.get("/api/fs/content", async (call) => content(face, call));
  app.get("/api/fs/diff", async (call) => diff(face, call));
  app.get("/api/fs/diff-content", async (call) => diffContent(face, call));
  app.get("/api/fs/completions", async (call) => completions(face, call));
  app.post("/api/fs/mkdir", async (call) => makeFolder(face, call));
  app.post("/api/files/upload", async (call) => upload(face, call));
  app.get("/api/files", async () => listUploads(face));
  app.get("/api/files/:name", async (call) => showUpload(face, call));
  app.delete("/api/files/:name", async (call) => removeUpload(face, call));
}

/** Refusals of files in the words of the face: what is not there is an error of the server to it. */
function fileProblem(error: WireError): Response {
  if (error.code === "forbidden") return problem(403, "Access denied");
  return problem(500, error.code === "not_found" ? `ENOENT: ${error.message}` : error.message);
}

function pathIn(call: FaceCall): string | Response {
  const path = call.req.query("path");
  return path === undefined || path === "" ? problem(400, "Path is required") : path;
}

async function browse(face: Face, call: FaceCall): Promise<Response> {
  const path = call.req.query("path") ?? ".";
  const opened = await face.files.roots.folder(path);
  if (!opened.ok) {
    if (await isFile(face, path)) return problem(400, "Path is not a directory");
    return opened.error.code === "not_found" ? problem(404, "Directory not found") : fileProblem(opened.error);
  }
  await using folder = opened.value;
  const filter = call.req.query("gitFilter");
  const status = filter === "none" ? undefined : await gitStatusOf(folder.path);
  const hidden = call.req.query("showHidden") === "true";
  const names =
    filter === "changed" && status !== undefined
      ? status.files
          .map((file) => relative(folder.path, join(status.root, file.path)))
          .filter((name) => !name.startsWith(".."))
      : (await readdir(folder.self)).filter((name) => hidden || !name.startsWith(".")).slice(0, entriesMax);
  const files = await Promise.all(names.map(async (name) => entryOf(folder, name, status)));
  files.sort((a, b) => (a.type === b.type ? a.name.localeCompare(b.name) : a.type === "directory" ? -1 : 1));
  return answer({ path, fullPath: folder.path, gitStatus: status === undefined ? null : gitSummary(status), files });
}

async function isFile(face: Face, path: string): Promise<boolean> {
  const opened = await face.files.roots.file(path);
  if (!opened.ok) return false;
  await using _file = opened.value;
  return true;
}

async function entryOf(
  folder: { readonly path: string; at(name: string): string },
  name: string,
  status: GitStatus | undefined,
) {
  const full = join(folder.path, name);
  const facts = await stat(folder.at(name)).catch(() => undefined);
  const gitStatus = status === undefined ? undefined : stateOf(status, relative(status.root, full));
  return {
    name,
    path: relative(process.cwd(), full),
    type: facts?.isDirectory() === true ? ("directory" as const) : ("file" as const),
    size: facts?.size ?? 0,
    modified: (facts?.mtime ?? new Date(0)).toISOString(),
    permissions: facts === undefined ? "000" : (facts.mode & 0o777).toString(8).padStart(3, "0"),
    isGitTracked: status !== undefined,
    ...(gitStatus === undefined ? {} : { gitStatus }),
    isSymlink: await isLink(folder.at(name)),
  };
}

function stateOf({ files }: GitStatus, path: string): string {
  const letters = files.find((file) => file.path === path)?.letters;
  if (letters === undefined) return "unchanged";
  if (letters === "??") return "untracked";
  if (letters.includes("A")) return "added";
  return letters.includes("D") ? "deleted" : "modified";
}

function gitSummary(status: GitStatus): object {
  const named = (state: string): readonly string[] =>
    status.files.filter(({ path }) => stateOf(status, path) === state).map(({ path }) => path);
  return {
    isGitRepo: true,
    branch: status.branch ?? "",
    modified: named("modified"),
    added: named("added"),
    deleted: named("deleted"),
    untracked: named("untracked"),
  };
}

async function preview(face: Face, call: FaceCall): Promise<Response> {
  const path = pathIn(call);
  if (path instanceof Response) return path;
  const opened = await face.files.roots.file(path);
  if (!opened.ok)
    return opened.error.code === "bad_request" ? problem(400, "Cannot preview directories") : fileProblem(opened.error);
  await using file = opened.value;
  const { size } = await file.handle.stat();
  const mimeType = mediaTypeOf(file.path);
  if (mimeType.startsWith("image/"))
    return answer({ type: "image", mimeType, url: `/api/fs/raw?path=${encodeURIComponent(path)}`, size });
  const isText = isTextType(mimeType) && size <= textBytesMax;
  if (!isText && size >= previewBytesMax) return answer({ type: "binary", mimeType, size, humanSize: humanSize(size) });
  const text = await file.handle.readFile("utf8");
  return answer({ type: "text", content: text, language: languageOf(file.path), mimeType, size });
}

async function raw(face: Face, call: FaceCall): Promise<Response> {
  const path = pathIn(call);
  if (path instanceof Response) return path;
  const opened = await face.files.roots.file(path);
  return opened.ok ? rawFile(call.req.raw, opened.value) : fileProblem(opened.error);
}

/** The text of a file that is not too long to be sent as one. */
async function textOf(face: Face, path: string): Promise<{ readonly path: string; readonly text: string } | Response> {
  const opened = await face.files.roots.file(path);
  if (!opened.ok) return fileProblem(opened.error);
  await using file = opened.value;
  if ((await file.handle.stat()).size > textBytesMax) return problem(413, "The file is too large");
  return { path: file.path, text: await file.handle.readFile("utf8") };
}

async function content(face: Face, call: FaceCall): Promise<Response> {
  const path = pathIn(call);
  if (path instanceof Response) return path;
  const file = await textOf(face, path);
  if (file instanceof Response) return file;
  return answer({ path, content: file.text, language: languageOf(file.path) });
}

async function diff(face: Face, call: FaceCall): Promise<Response> {
  const path = pathIn(call);
  if (path instanceof Response) return path;
  const entry = await face.files.roots.entry(path);
  if (!entry.ok) return fileProblem(entry.error);
  await using folder = entry.value.folder;
  const { exitCode, stdout, stderr } = await git(folder.path, [
    "diff",
    "--no-ext-diff",
    "HEAD",
    "--",
    entry.value.name,
  ]);
  if (exitCode !== 0) return problem(500, stderr.trim());
  return answer({ path, diff: stdout, hasDiff: stdout !== "" });
}

async function diffContent(face: Face, call: FaceCall): Promise<Response> {
  const path = pathIn(call);
  if (path instanceof Response) return path;
  const file = await textOf(face, path);
  if (file instanceof Response) return file;
  const name = file.path.split("/").at(-1) ?? "";
  const before = await git(join(file.path, ".."), ["show", `HEAD:./${name}`]);
  const isRepository = before.exitCode === 0 || /does not exist|exists on disk/.test(before.stderr);
  return answer({
    path,
    originalContent: isRepository ? before.stdout : file.text,
    modifiedContent: file.text,
    language: languageOf(file.path),
  });
}

async function makeFolder(face: Face, call: FaceCall): Promise<Response> {
  const body = await bodyOf(call);
  const [path, name] = [textIn(body, "path"), textIn(body, "name")];
  if (path === undefined || name === undefined) return problem(400, "Path and name are required");
  if (!isName(name) || name.includes("\\") || name.startsWith(".")) return problem(400, "Invalid directory name");
  const made = await face.files.makeFolder(path, name);
  return made.ok ? answer({ success: true, path: relative(process.cwd(), made.value) }) : fileProblem(made.error);
}

async function completions(face: Face, call: FaceCall): Promise<Response> {
  const asked = call.req.query("path") ?? "";
  const at = asked.lastIndexOf("/") + 1;
  const [before, part] = [asked.slice(0, at), asked.slice(at).toLowerCase()];
  const opened = await face.files.roots.folder(before === "" ? "." : before);
  if (!opened.ok) return opened.error.code === "forbidden" ? fileProblem(opened.error) : answer({ completions: [] });
  await using folder = opened.value;
  const entries = (await readdir(folder.self, { withFileTypes: true })).filter(
    ({ name }) => name.toLowerCase().startsWith(part) && (part.startsWith(".") || !name.startsWith(".")),
  );
  entries.sort((a, b) => Number(b.isDirectory()) - Number(a.isDirectory()) || a.name.localeCompare(b.name));
  const shown = await Promise.all(
    entries.slice(0, completionsMax).map(async (entry) => {
      const path = before + entry.name;
      const isFolder = entry.isDirectory();
      const marker = isFolder ? await stat(join(folder.at(entry.name), ".git")).catch(() => undefined) : undefined;
      const status = marker === undefined ? undefined : await gitStatusOf(join(folder.path, entry.name));
      const counts = countsOf({ files: status?.files ?? [] });
      return {
        name: entry.name,
        path,
        type: isFolder ? "directory" : "file",
        suggestion: isFolder ? `${path}/` : path,
        isRepository: marker !== undefined,
        ...(status?.branch === undefined ? {} : { gitBranch: status.branch }),
        gitStatusCount: status?.files.length ?? 0,
        gitAddedCount: counts.untracked + counts.added,
        gitModifiedCount: counts.modified,
        gitDeletedCount: counts.deleted,
        isWorktree: marker?.isFile() === true,
      };
    }),
  );
  return answer({ completions: shown, partialPath: asked });
}

async function upload(face: Face, call: FaceCall): Promise<Response> {
  const form = await call.req.formData().catch(() => undefined);
  const file = form?.get("file");
  if (!(file instanceof File)) return problem(400, "No file provided");
  const kept = await face.files.keep(file);
  if (!kept.ok) return problem(kept.error.code === "payload_too_large" ? 413 : 500, "Failed to upload file");
  return answer({
    success: true,
    filename: kept.value.name,
    originalName: file.name,
    size: file.size,
    mimetype: file.type === "" ? "application/octet-stream" : file.type,
    path: kept.value.path,
    relativePath: relative(process.cwd(), kept.value.path),
  });
}

async function listUploads(face: Face): Promise<Response> {
  const files = (await face.files.listUploads()).map(({ name, bytes, createdAt, modifiedAt }) => ({
    filename: name,
    size: bytes,
    createdAt: new Date(createdAt).toISOString(),
    modifiedAt: new Date(modifiedAt).toISOString(),
    url: `/api/files/${name}`,
    extension: extname(name).toLowerCase(),
  }));
  return answer({ files, count: files.length });
}

async function showUpload(face: Face, call: FaceCall): Promise<Response> {
  const name = call.req.param("name") ?? "";
  if (!isUploadName(name)) return problem(400, "Invalid filename");
  const { open } = await import("node:fs/promises");
  const path = join(face.files.uploads, name);
  const handle = await open(path, "r").catch(() => undefined);
  return handle === undefined ? problem(404, "File not found") : rawFile(call.req.raw, { handle, path });
}

async function removeUpload(face: Face, call: FaceCall): Promise<Response> {
  const name = call.req.param("name") ?? "";
  if (!isUploadName(name)) return problem(400, "Invalid filename");
  const { rm } = await import("node:fs/promises");
  return rm(join(face.files.uploads, name)).then(
    () => answer({ success: true, message: "File deleted successfully" }),
    () => problem(404, "File not found"),
  );
}

export function humanSize(bytes: number): string {
  const units = ["Bytes", "KB", "MB", "GB", "TB"];
  const step = bytes === 0 ? 0 : Math.floor(Math.log2(bytes) / 10);
  return `${Number((bytes / 1024 ** step).toFixed(2))} ${units[step] ?? "TB"}`;
}
