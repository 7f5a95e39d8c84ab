// Secrets from the environment and the files of the machine the worker runs on, for runtimes that have Node's modules.
import { readFile } from "node:fs/promises";
import type { LocalSecrets } from "./secrets.ts";

export const systemSecrets: LocalSecrets = {
  env: (name) => process.env[name],
  async file(path) {
    try {
      return (await readFile(path, "utf8")).replace(/\r?\n$/, "");
    } catch (error) {
      if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
      throw error;
    }
  },
};
