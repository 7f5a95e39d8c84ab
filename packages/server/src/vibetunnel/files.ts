// The files that the face shows and changes, and where uploads go.
import { randomUUID } from "node:crypto";
import { mkdirSync } from "node:fs";
import { mkdir, open, readdir, readlink, rm, stat } from "node:fs/promises";
import { extname, join } from "node:path";
import { fail, ok } from "@sluice/core";
import type { Result } from "@sluice/core";
import { failureOf, FileRoots } from "../terminal-files/roots.ts";

export interface UploadedFile {
  readonly name: string;
  readonly bytes: number;
  readonly createdAt: number;
  readonly modifiedAt: number;
}

/** Largest upload. */
export const uploadBytesMax = 100 * 1024 * 1024;
const folderMode = 0o700;
const fileMode = 0o600;

export class FaceFiles {
  readonly roots: FileRoots;
  readonly uploads: string;
  readonly #folder: string;

  constructor(p: { readonly roots: readonly string[]; readonly hidden: readonly string[]; readonly folder: string }) {
    this.#folder = p.folder;
    this.uploads = join(p.folder, "uploads");
    mkdirSync(this.uploads, { recursive: true, mode: folderMode });
    this.roots = new FileRoots({ roots: p.roots, hidden: p.hidden, folder: process.cwd() });
  }

  /** Where the face keeps what it remembers. */
  get folder(): string {
    return this.#folder;
  }

  /** Under a name of its own, with the ending of the one it has. */
  async keep(file: File): Promise<Result<{ readonly name: string; readonly path: string }>> {
    if (file.size > uploadBytesMax)
      return fail({
        code: "payload_too_large",
        message: "The file is too large.",
        hint: `At most ${uploadBytesMax} bytes.`,
      });
    const ending = extname(file.name);
    const name = `${randomUUID()}${/^\.\w{1,16}$/.test(ending) ? ending : ""}`;
    const path = join(this.uploads, name);
    try {
      const handle = await open(path, "wx", fileMode);
      try {
        for await (const piece of file.stream()) await handle.write(piece);
      } finally {
        await handle.close();
      }
    } catch (error) {
      await rm(path, { force: true });
      return failureOf(error);
    }
    return ok({ name, path });
  }

  /** Newest first. */
  async listUploads(): Promise<readonly UploadedFile[]> {
    const names = await readdir(this.uploads);
    const all = await Promise.all(
      names.map(async (name) => {
        const facts = await stat(join(this.uploads, name)).catch(() => undefined);
        if (facts === undefined) return undefined;
        return { name, bytes: facts.size, createdAt: facts.birthtimeMs, modifiedAt: facts.mtimeMs };
      }),
    );
    return all.filter((file) => file !== undefined).toSorted((a, b) => b.createdAt - a.createdAt);
  }

  /** Makes a folder with all that leads to it below an open one. */
  async makeFolder(parent: string, name: string): Promise<Result<string>> {
    const opened = await this.roots.folder(parent);
    if (!opened.ok) return opened;
    await using folder = opened.value;
    try {
      await mkdir(folder.at(name), { recursive: true });
    } catch (error) {
      return failureOf(error);
    }
    return ok(join(folder.path, name));
  }
}

/** Whether it is a name that uploads have, and nothing else. */
export function isUploadName(name: string): boolean {
  return name.length <= 255 && /^[A-Za-z0-9_-][A-Za-z0-9._-]*$/.test(name) && !name.includes("..");
}

/** Whether an entry is a link. */
export async function isLink(path: string): Promise<boolean> {
  return readlink(path).then(
    () => true,
    () => false,
  );
}
