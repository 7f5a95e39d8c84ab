// Files and programs of this machine, as the room of clusters sees them.
import { readdir, readFile, realpath, stat } from "node:fs/promises";
import { resolve, sep } from "node:path";
import type { Files, PlacedFiles, ProcessRunner } from "@sluice/core/cluster";

/** Codes of "it is not there", whatever is in the way. */
const absent = new Set(["ENOENT", "ENOTDIR", "EISDIR"]);

async function unlessAbsent<T>(read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof Error && "code" in error && absent.has(String(error.code))) return undefined;
    throw error;
  }
}

/** Files within a folder: what leads out of it, by dots or by links, is not there. */
export function filesIn(folder: string): PlacedFiles {
  const inside = async (path: string): Promise<string | undefined> => {
    const [root, found] = [await realpath(folder), await unlessAbsent(() => realpath(resolve(folder, path)))];
    return found === root || found?.startsWith(root + sep) === true ? found : undefined;
  };
  return {
    async read(path) {
      const file = await inside(path);
      return file === undefined ? undefined : unlessAbsent(() => readFile(file, "utf8"));
    },
    async list(path) {
      const at = await inside(path);
      const names = at === undefined ? undefined : await unlessAbsent(() => readdir(at));
      return names?.toSorted();
    },
    place: inside,
  };
}

/** Any file that the server's user may read. */
export const machineFiles: Files = {
  read: async (path) => unlessAbsent(() => readFile(path, "utf8")),
  list: async (path) => {
    const found = await unlessAbsent(() => stat(path));
    return found?.isDirectory() === true ? (await readdir(path)).toSorted() : undefined;
  },
};

/** Programs that make credentials, with the environment of the server and their own. */
export function processesWith(env: Readonly<Record<string, string | undefined>>): ProcessRunner {
  return {
    async run({ command, args, env: own, timeoutMs }) {
      const child = Bun.spawn([command, ...args], {
        env: { ...env, ...own },
        stdin: "ignore",
        stdout: "pipe",
        stderr: "pipe",
        timeout: timeoutMs,
      });
      const [stdout, stderr, exitCode] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
      return { exitCode, stdout, stderr };
    },
  };
}
