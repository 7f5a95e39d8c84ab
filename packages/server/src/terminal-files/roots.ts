// Which files may be shown and changed: those below the configured roots, wherever links lead. What was opened is checked, not what was
// asked for, so that nothing can be put in its place in between: on Linux the kernel says where an open file is.
import { constants } from "node:fs";
import { open, readlink, realpath } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { homedir } from "node:os";
import { basename, dirname, isAbsolute, join, resolve, sep } from "node:path";
import { fail, ok } from "@sluice/core";
import type { Result } from "@sluice/core";

const pathCharsMax = 4_096;

/** A folder that is open: what is done below `at` is done in that very folder. */
export interface OpenFolder extends AsyncDisposable {
  /** Where it is, without links. */
  readonly path: string;
  /** A path to one of its entries, for calls of the system. */
  at(name: string): string;
  /** A path to itself. */
  readonly self: string;
}

export interface OpenFile extends AsyncDisposable {
  readonly path: string;
  readonly handle: FileHandle;
}

export class FileRoots {
  readonly #roots: Promise<readonly string[]>;
  readonly #hidden: Promise<readonly string[]>;
  readonly #folder: string;

  /** Relative paths begin in `folder`. Nothing below `hidden` is ever shown, such as the server's own keys. */
  constructor(p: { readonly roots: readonly string[]; readonly hidden: readonly string[]; readonly folder: string }) {
    this.#folder = p.folder;
    this.#roots = Promise.all(p.roots.map(realOf));
    this.#hidden = Promise.all(p.hidden.map(realOf));
  }

  /** Absolute; nothing is looked at yet. Fails with `bad_request`. */
  place(path: string): Result<string> {
    if (path.length > pathCharsMax || path.includes("\0") || !path.isWellFormed())
      return fail({ code: "bad_request", message: "This is no path.", hint: `At most ${pathCharsMax} characters.` });
    const home = path === "~" || path.startsWith("~/") ? join(homedir(), path.slice(1)) : path;
    return ok(isAbsolute(home) ? resolve(home) : resolve(this.#folder, home));
  }

  /** Fails with `bad_request`, `not_found` and `forbidden`. */
  async folder(path: string): Promise<Result<OpenFolder>> {
    const opened = await this.#open(path, constants.O_RDONLY | constants.O_DIRECTORY);
    if (!opened.ok) return opened;
    const { handle, path: real } = opened.value;
    const self = selfOf(handle, real);
    return ok({ path: real, self, at: (name) => join(self, name), [Symbol.asyncDispose]: async () => handle.close() });
  }

  /** A file to be read: a regular one. Fails as `folder` does. */
  async file(path: string): Promise<Result<OpenFile>> {
    // A pipe or a device would wait for somebody otherwise.
    const opened = await this.#open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    if (!opened.ok) return opened;
    const { handle } = opened.value;
    if ((await handle.stat()).isFile())
      return ok({ ...opened.value, [Symbol.asyncDispose]: async () => handle.close() });
    await handle.close();
    return fail({ code: "bad_request", message: "This is no file.", hint: "Name a regular file." });
  }

  /** The folder of a path, and the name in it, which need not be there. Fails as `folder` does. */
  async entry(path: string): Promise<Result<{ readonly folder: OpenFolder; readonly name: string }>> {
    const placed = this.place(path);
    if (!placed.ok) return placed;
    const name = basename(placed.value);
    if (!isName(name)) return fail({ code: "bad_request", message: "This names no file.", hint: "Name one." });
    const folder = await this.folder(dirname(placed.value));
    return folder.ok ? ok({ folder: folder.value, name }) : folder;
  }

  async #open(path: string, flags: number): Promise<Result<{ readonly path: string; readonly handle: FileHandle }>> {
    const placed = this.place(path);
    if (!placed.ok) return placed;
    // Looked at before it is opened as well: opening alone tells whether something is there.
    const before = await realpath(placed.value).catch(() => undefined);
    if (before !== undefined && !(await this.#isInside(before))) return outside();
    let handle: FileHandle;
    try {
      handle = await open(placed.value, flags);
    } catch (error) {
      return (await this.#isInside(placed.value)) ? failureOf(error) : outside();
    }
    const real = await whereIs(handle, placed.value);
    if (real !== undefined && (await this.#isInside(real))) return ok({ path: real, handle });
    await handle.close();
    return outside();
  }

  async #isInside(path: string): Promise<boolean> {
    const [roots, hidden] = await Promise.all([this.#roots, this.#hidden]);
    return roots.some((root) => isBelow(path, root)) && !hidden.some((each) => isBelow(path, each));
  }
}

/** Whether it can be the name of an entry. */
export function isName(name: string): boolean {
  return (
    name !== "" && name !== "." && name !== ".." && !name.includes("/") && !name.includes("\0") && name.isWellFormed()
  );
}

function isBelow(path: string, root: string): boolean {
  return path === root || path.startsWith(root.endsWith(sep) ? root : root + sep);
}

async function realOf(path: string): Promise<string> {
  return realpath(path).catch(() => resolve(path));
}

/** Where an open file is now. Other systems than Linux are asked by the path, which leaves a moment for others. */
async function whereIs(handle: FileHandle, asked: string): Promise<string | undefined> {
  const path = process.platform === "linux" ? readlink(`/proc/self/fd/${handle.fd}`) : realpath(asked);
  return path.catch(() => undefined);
}

function selfOf(handle: FileHandle, real: string): string {
  return process.platform === "linux" ? `/proc/self/fd/${handle.fd}` : real;
}

function outside(): Result<never> {
  return fail({
    code: "forbidden",
    message: "This is outside of the folders that may be shown.",
    hint: "They are the setting terminals.roots, or --root.",
  });
}

/** What the system said, as a value. */
export function failureOf(error: unknown): Result<never> {
  const { code } = error as { readonly code?: unknown };
  switch (code) {
    case "ENOENT":
    case "ENOTDIR":
      return fail({
        code: "not_found",
        message: "There is no such file or folder.",
        hint: "Look at the folder again.",
      });
    case "EACCES":
    case "EPERM":
    case "EROFS":
      return fail({ code: "forbidden", message: "The server's user may not do that.", hint: "Look at its rights." });
    case "EEXIST":
    case "ENOTEMPTY":
      return fail({ code: "conflict", message: "There is something of that name.", hint: "Choose another one." });
    case "EISDIR":
    case "ELOOP":
    case "EINVAL":
    case "ENXIO":
      return fail({ code: "bad_request", message: "That cannot be done with this.", hint: "Name a regular file." });
    case "ENOSPC":
    case "EDQUOT":
      return fail({ code: "disk_full", message: "There is no space left.", hint: "Make room, and try again." });
    default:
      throw error;
  }
}
