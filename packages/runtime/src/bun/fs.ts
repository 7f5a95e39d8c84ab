// Files on Bun: its own readers, writer and matcher, and `node:fs/promises` for the rest.

import { randomUUID } from "node:crypto";
import { open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { guarded } from "../failure.ts";
import { besideName, fileModeDefault } from "../fs.ts";
import type { FsProvider, LazyFile } from "../fs.ts";
import { nodeFs, syncFolder } from "../node/fs.ts";

async function writeFile(path: string, data: string | Uint8Array, options: { mode?: number; sync?: boolean }): Promise<void> {
  const beside = besideName(path, randomUUID());
  try {
    await Bun.write(beside, data, { mode: options.mode ?? fileModeDefault });
    if (options.sync === true) await sync(beside);
    await rename(beside, path);
  } catch (error) {
    await rm(beside, { force: true });
    throw error;
  }
  if (options.sync === true) await syncFolder(dirname(path));
}

async function sync(path: string): Promise<void> {
  const file = await open(path, "r+");
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

function openFile(path: string): LazyFile {
  const file = Bun.file(path);
  const what = `reading ${path}`;
  return {
    path,
    exists: () => nodeFs.exists(path),
    // `size` of a file that is not there is 0.
    sizeBytes: () => guarded(what, async () => (await file.stat()).size),
    bytes: ({ start, end } = {}) => guarded(what, () => (start === undefined && end === undefined ? file : file.slice(start, end)).bytes()),
    text: () => guarded(what, () => file.text()),
    stream: () => file.stream(),
  };
}

/** Files on Bun. */
export const bunFs: FsProvider = {
  ...nodeFs,
  readFile: (path) => guarded(`reading ${path}`, () => Bun.file(path).bytes()),
  readTextFile: (path) => guarded(`reading ${path}`, () => Bun.file(path).text()),
  writeFile: (path, data, options = {}) => guarded(`writing ${path}`, () => writeFile(path, data, options)),
  openFile,
  glob: (pattern, { cwd = ".", dot = false } = {}) =>
    guarded(`looking for ${pattern}`, async () => {
      const found = await Array.fromAsync(new Bun.Glob(pattern).scan({ cwd, dot, onlyFiles: true, followSymlinks: false }));
      return found.toSorted();
    }),
};
