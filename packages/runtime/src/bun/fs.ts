// Files on Bun: its own readers, writer and matcher, and `node:fs/promises` for the rest.

import { randomUUID } from "node:crypto";
import { open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { guarded } from "../failure.ts";
import { besideName, fileModeDefault } from "../fs.ts";
import type { FsProvider, LazyFile, WriteOptions } from "../fs.ts";
import { nodeFs, syncFolder } from "../node/fs.ts";

async function writeFile(path: string, data: string | Uint8Array, options: WriteOptions): Promise<void> {
  const beside = besideName(path, randomUUID());
  try {
    const file = await open(beside, "wx", options.mode ?? fileModeDefault);
    try {
      await Bun.write(Bun.file(file.fd), data as string | Uint8Array<ArrayBuffer>);
      if (options.sync === true) await file.sync();
    } finally {
      await file.close();
    }
    await rename(beside, path);
  } catch (error) {
    await rm(beside, { force: true });
    throw error;
  }
  if (options.sync === true) await syncFolder(dirname(path));
}

function openFile(path: string): LazyFile {
  const file = Bun.file(path);
  const what = `reading ${path}`;
  return {
    path,
    exists: () => nodeFs.exists(path),
    // `size` of a file that is not there is 0.
    sizeBytes: () => guarded(what, async () => (await file.stat()).size),
    bytes: ({ start, end } = {}) =>
      guarded(what, () => (start === undefined && end === undefined ? file : file.slice(start, end)).bytes()),
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
      const found = await Array.fromAsync(
        new Bun.Glob(pattern).scan({ cwd, dot, onlyFiles: true, followSymlinks: false }),
      );
      return found.toSorted();
    }),
};
