// Files on Deno.

import picomatch from "picomatch";
import { failureOf, guarded } from "../failure.ts";
import { besideName, Debounce, fileModeDefault } from "../fs.ts";
import type { FileStat, FsProvider, LazyFile } from "../fs.ts";
import { globByWalking } from "../glob.ts";
import { pulled } from "../streams.ts";
import { denoApi } from "./deno-api.ts";

const deno = denoApi();
const permissionBits = 0o7777;
const fromStart = 0;
const pieceBytes = 65_536;

interface Kinds {
  readonly isFile: boolean;
  readonly isDirectory: boolean;
  readonly isSymlink: boolean;
}

function kindOf({ isFile, isDirectory, isSymlink }: Kinds): FileStat["kind"] {
  if (isFile) return "file";
  if (isDirectory) return "folder";
  return isSymlink ? "link" : "other";
}

async function exists(path: string): Promise<boolean> {
  try {
    await deno.stat(path);
    return true;
  } catch (error) {
    const { code } = failureOf(error, path);
    if (code === "not_found" || code === "not_a_folder") return false;
    throw error;
  }
}

const writeFile: FsProvider["writeFile"] = async (path, data, options = {}) => {
  const beside = besideName(path, crypto.randomUUID());
  const bytes = typeof data === "string" ? new TextEncoder().encode(data) : data;
  try {
    const file = await deno.open(beside, { write: true, createNew: true, mode: options.mode ?? fileModeDefault });
    try {
      for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
      if (options.sync === true) await file.sync();
    } finally {
      file.close();
    }
    await deno.rename(beside, path);
  } catch (error) {
    if (await exists(beside)) await deno.remove(beside);
    throw error;
  }
  if (options.sync === true) await syncFolder(path.slice(0, path.lastIndexOf("/") + 1) || ".");
};

/** The name of a file is on the disk when its folder is. */
async function syncFolder(path: string): Promise<void> {
  const folder = await deno.open(path, { read: true });
  try {
    await folder.sync();
  } finally {
    folder.close();
  }
}

function openFile(path: string): LazyFile {
  const what = `reading ${path}`;
  const part = async (start: number, end: number | undefined): Promise<Uint8Array> => {
    const file = await deno.open(path, { read: true });
    try {
      const { size } = await file.stat();
      const bytes = new Uint8Array(Math.max(0, Math.min(end ?? size, size) - start));
      await file.seek(start, fromStart);
      let filled = 0;
      while (filled < bytes.length) {
        const count = await file.read(bytes.subarray(filled));
        if (count === null) break;
        filled += count;
      }
      return bytes.subarray(0, filled);
    } finally {
      file.close();
    }
  };
  return {
    path,
    exists: () => guarded(what, () => exists(path)),
    sizeBytes: () => guarded(what, async () => (await deno.stat(path)).size),
    bytes: ({ start = 0, end } = {}) => guarded(what, () => part(start, end)),
    text: () => guarded(what, () => deno.readTextFile(path)),
    stream: () => pulled(piecesOf(path)),
  };
}

/** Opened when the first piece is asked for. */
async function* piecesOf(path: string): AsyncGenerator<Uint8Array> {
  const file = await guarded(`reading ${path}`, () => deno.open(path, { read: true }));
  try {
    for (;;) {
      const piece = new Uint8Array(pieceBytes);
      const count = await file.read(piece);
      if (count === null) return;
      yield piece.subarray(0, count);
    }
  } finally {
    file.close();
  }
}

const watch: FsProvider["watch"] = async (path, onChange, options = {}) => {
  const folder = await deno.realPath(path);
  const watcher = deno.watchFs(folder, { recursive: true });
  const changes = new Debounce(onChange, options.debounceMs);
  const listen = async (): Promise<void> => {
    for await (const { paths } of watcher)
      for (const each of paths) if (each.startsWith(`${folder}/`)) changes.add(each.slice(folder.length + 1));
  };
  // What goes wrong later (the folder itself was removed) ends the news, not the program.
  listen().catch(() => changes.stop());
  return {
    close: () => {
      watcher.close();
      changes.stop();
    },
  };
};

const readDir: FsProvider["readDir"] = async (path) => {
  const entries = await Array.fromAsync(deno.readDir(path));
  return entries
    .map((entry) => ({ name: entry.name, kind: kindOf(entry) }))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
};

async function stat(path: string): Promise<FileStat> {
  const found = await deno.stat(path);
  const { size, mtime, mode } = found;
  return {
    kind: kindOf(found),
    sizeBytes: size,
    modifiedMs: mtime?.getTime() ?? 0,
    mode: (mode ?? 0) & permissionBits,
  };
}

async function remove(path: string, options: { recursive?: boolean; force?: boolean }): Promise<void> {
  try {
    await deno.remove(path, { recursive: options.recursive ?? false });
  } catch (error) {
    if (options.force !== true || failureOf(error, path).code !== "not_found") throw error;
  }
}

/** Files on Deno. */
export const denoFs: FsProvider = {
  readFile: (path) => guarded(`reading ${path}`, () => deno.readFile(path)),
  readTextFile: (path) => guarded(`reading ${path}`, () => deno.readTextFile(path)),
  writeFile: (path, data, options) => guarded(`writing ${path}`, () => writeFile(path, data, options)),
  openFile,
  readDir: (path) => guarded(`listing ${path}`, () => readDir(path)),
  mkdir: (path) => guarded(`making ${path}`, () => deno.mkdir(path, { recursive: true })),
  rm: (path, options = {}) => guarded(`removing ${path}`, () => remove(path, options)),
  watch: (path, onChange, options) => guarded(`watching ${path}`, () => watch(path, onChange, options)),
  stat: (path) => guarded(`looking at ${path}`, () => stat(path)),
  exists: (path) => guarded(`looking at ${path}`, () => exists(path)),
  glob: (pattern, options) =>
    guarded(`looking for ${pattern}`, () =>
      globByWalking({ readDir, matcher: (text, { dot }) => picomatch(text, { dot }) }, pattern, options),
    ),
  copy: (from, to) => guarded(`copying ${from}`, () => deno.copyFile(from, to)),
  link: (existing, path) => guarded(`linking ${path}`, () => deno.link(existing, path)),
  symlink: (target, path) => guarded(`linking ${path}`, () => deno.symlink(target, path)),
  tempDir: (prefix = "sluice-") => guarded("making a folder", () => deno.makeTempDir({ prefix })),
};
