// Files by `node:fs/promises`, which Bun has too: its provider replaces what it does better.

import { randomUUID } from "node:crypto";
import { constants, createReadStream, watch } from "node:fs";
import type { Dirent, Stats } from "node:fs";
import * as fs from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import picomatch from "picomatch";
import { guarded, RuntimeFailure } from "../failure.ts";
import { besideName, Debounce, fileModeDefault } from "../fs.ts";
import type { FileStat, FsProvider, LazyFile } from "../fs.ts";
import { globByWalking } from "../glob.ts";
import { pulled } from "../streams.ts";

/** Permission bits of a mode. */
const permissionBits = 0o7777;

function kindOf(entry: Dirent | Stats): FileStat["kind"] {
  if (entry.isFile()) return "file";
  if (entry.isDirectory()) return "folder";
  return entry.isSymbolicLink() ? "link" : "other";
}

async function stat(path: string): Promise<FileStat> {
  const found = await fs.stat(path);
  return { kind: kindOf(found), sizeBytes: found.size, modifiedMs: found.mtimeMs, mode: found.mode & permissionBits };
}

const exists: FsProvider["exists"] = async (path) => {
  try {
    await fs.access(path);
    return true;
  } catch (error) {
    const { code } = error as { readonly code?: unknown };
    if (code === "ENOENT" || code === "ENOTDIR") return false;
    throw error;
  }
};

const writeFile: FsProvider["writeFile"] = async (path, data, options = {}) => {
  const beside = besideName(path, randomUUID());
  try {
    const file = await fs.open(beside, "wx", options.mode ?? fileModeDefault);
    try {
      await file.writeFile(data);
      if (options.sync === true) await file.sync();
    } finally {
      await file.close();
    }
    await fs.rename(beside, path);
  } catch (error) {
    await fs.rm(beside, { force: true });
    throw error;
  }
  if (options.sync === true) await syncFolder(join(path, ".."));
};

/** The name of a file is on the disk when its folder is. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await fs.open(path, constants.O_RDONLY);
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

function openFile(path: string): LazyFile {
  const what = `reading ${path}`;
  return {
    path,
    exists: () => guarded(what, () => exists(path)),
    sizeBytes: () => guarded(what, async () => (await stat(path)).sizeBytes),
    bytes: ({ start = 0, end } = {}) =>
      guarded(what, async () => {
        const file = await fs.open(path);
        try {
          const { size } = await file.stat();
          const wanted = Math.max(0, Math.min(end ?? size, size) - start);
          const bytes = new Uint8Array(wanted);
          let filled = 0;
          while (filled < wanted) {
            const { bytesRead } = await file.read(bytes, filled, wanted - filled, start + filled);
            if (bytesRead === 0) break;
            filled += bytesRead;
          }
          return bytes.subarray(0, filled);
        } finally {
          await file.close();
        }
      }),
    text: () => guarded(what, () => fs.readFile(path, "utf8")),
    stream: () => pulled(createReadStream(path) as AsyncIterable<Uint8Array>),
  };
}

const watchFolder: FsProvider["watch"] = async (path, onChange, options = {}) => {
  if (!(await exists(path))) throw new RuntimeFailure("not_found", `watching ${path}: there is no such folder`);
  const changes = new Debounce(onChange, options.debounceMs);
  const watcher = watch(path, { recursive: true }, (_event, name) => {
    if (name !== null) changes.add(name);
  });
  // What goes wrong later (the folder itself was removed) ends the news, not the program.
  watcher.on("error", () => changes.stop());
  return {
    close: () => {
      watcher.close();
      changes.stop();
    },
  };
};

const readDir: FsProvider["readDir"] = async (path) => {
  const entries = await fs.readdir(path, { withFileTypes: true });
  return entries
    .map((entry) => ({ name: entry.name, kind: kindOf(entry) }))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
};

/** Files on Node, and on Bun what is not its own. */
export const nodeFs: FsProvider = {
  readFile: (path) => guarded(`reading ${path}`, async () => new Uint8Array(await fs.readFile(path))),
  readTextFile: (path) => guarded(`reading ${path}`, () => fs.readFile(path, "utf8")),
  writeFile: (path, data, options) => guarded(`writing ${path}`, () => writeFile(path, data, options)),
  openFile,
  readDir: (path) => guarded(`listing ${path}`, () => readDir(path)),
  mkdir: (path) => guarded(`making ${path}`, async () => void (await fs.mkdir(path, { recursive: true }))),
  rm: (path, { recursive = false, force = false } = {}) =>
    guarded(`removing ${path}`, async () => {
      // `rm` refuses folders that it could remove, and `rmdir` files.
      if (!recursive && (await exists(path)) && (await fs.lstat(path)).isDirectory()) return fs.rmdir(path);
      return fs.rm(path, { recursive, force });
    }),
  watch: (path, onChange, options) => guarded(`watching ${path}`, () => watchFolder(path, onChange, options)),
  stat: (path) => guarded(`looking at ${path}`, () => stat(path)),
  exists: (path) => guarded(`looking at ${path}`, () => exists(path)),
  glob: (pattern, options) =>
    guarded(`looking for ${pattern}`, () =>
      globByWalking({ readDir, matcher: (text, { dot }) => picomatch(text, { dot }) }, pattern, options),
    ),
  copy: (from, to) => guarded(`copying ${from}`, () => fs.copyFile(from, to)),
  link: (existing, path) => guarded(`linking ${path}`, () => fs.link(existing, path)),
  symlink: (target, path) => guarded(`linking ${path}`, () => fs.symlink(target, path)),
  tempDir: (prefix = "sluice-") => guarded("making a folder", () => fs.mkdtemp(join(tmpdir(), prefix))),
};
