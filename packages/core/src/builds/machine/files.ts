// Files of this machine for builds. Reads of what is not there are answers, writes that fail are errors of the system.
import { createHash } from "node:crypto";
import {
  chmodSync,
  closeSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  readSync,
  renameSync,
  rmdirSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import type { Dirent, Stats } from "node:fs";
import type { FileKind, Files } from "../ports.ts";

const readWholeBytesMax = 4 * 1024 * 1024;
const pieceBytes = 1024 * 1024;
const permissionBits = 0o7777;

function kindOf(entry: Dirent | Stats): FileKind {
  if (entry.isFile()) return "file";
  if (entry.isDirectory()) return "dir";
  return entry.isSymbolicLink() ? "link" : "other";
}

/** Codes of the system that mean that there is nothing to be read. */
const absent = new Set(["ENOENT", "ENOTDIR", "EISDIR", "EACCES", "EINVAL", "ELOOP", "ENAMETOOLONG", "EPERM"]);

function orUndefined<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof Error && "code" in error && absent.has(String(error.code))) return undefined;
    throw error;
  }
}

function digestInPieces(path: string): string {
  const hash = createHash("sha256");
  const file = openSync(path, "r");
  try {
    const piece = Buffer.allocUnsafe(pieceBytes);
    for (let count = readSync(file, piece); count > 0; count = readSync(file, piece))
      hash.update(piece.subarray(0, count));
  } finally {
    closeSync(file);
  }
  return hash.digest("hex");
}

/** `unique`: a text that no other writer has. */
export function machineFiles(unique: () => string): Files {
  const stat: Files["stat"] = (path) => {
    const found = orUndefined(() => lstatSync(path, { throwIfNoEntry: false }));
    if (found === undefined) return undefined;
    const { size, mode, ino, mtimeMs, ctimeMs } = found;
    return { kind: kindOf(found), size, mode: mode & permissionBits, ino, mtimeMs, ctimeMs };
  };
  const beside = (path: string): string => `${path}.${unique()}.part`;
  return {
    stat,
    readText: (path) => orUndefined(() => readFileSync(path, "utf8")),
    readBytes: (path) => orUndefined(() => readFileSync(path)),
    readLink: (path) => orUndefined(() => readlinkSync(path)),
    list(path) {
      const entries = orUndefined(() => readdirSync(path, { withFileTypes: true })) ?? [];
      return entries
        .map((entry) => ({ name: entry.name, kind: kindOf(entry) }))
        .toSorted((a, b) => (a.name < b.name ? -1 : 1));
    },
    digest(path) {
      return orUndefined(() => {
        const { size } = lstatSync(path);
        if (size > readWholeBytesMax) return digestInPieces(path);
        return createHash("sha256").update(readFileSync(path)).digest("hex");
      });
    },
    makeFolder: (path) => void mkdirSync(path, { recursive: true }),
    write(path, bytes) {
      const part = beside(path);
      writeFileSync(part, bytes);
      renameSync(part, path);
    },
    makeLink(path, target) {
      const part = beside(path);
      symlinkSync(target, part);
      renameSync(part, path);
    },
    setMode: (path, mode) => chmodSync(path, mode & permissionBits),
    remove(path) {
      const kind = stat(path)?.kind;
      if (kind === undefined) return;
      if (kind !== "dir") unlinkSync(path);
      else if (readdirSync(path).length === 0) rmdirSync(path);
    },
  };
}
