// What of this machine decides about results: the system, and the versions of what executes scripts.
import { arch, platform } from "node:os";
import type { Environment } from "../hash/environment.ts";
import type { Tools } from "../hash/hasher.ts";
import type { Files } from "../ports.ts";
import type { PackageManager } from "../workspace/package.ts";

interface Notes {
  note(name: string): string | undefined;
  remember(name: string, text: string): void;
}

interface ToolsGround {
  readonly files: Files;
  readonly env: Environment;
  /** Where versions are remembered, by what the program looks like. */
  readonly notes: Notes;
  readonly manager: PackageManager;
}

/** Where a program is found on the path. */
export function findProgram(files: Files, env: Environment, name: string): string | undefined {
  for (const folder of (env["PATH"] ?? "").split(":")) {
    const path = `${folder}/${name}`;
    const kind = folder.startsWith("/") ? files.stat(path)?.kind : undefined;
    if (kind === "file" || kind === "link") return path;
  }
  return undefined;
}

function libc(files: Files): string {
  if (platform() !== "linux") return "";
  return files.list("/lib").some(({ name }) => name.startsWith("ld-musl-")) ? " musl" : " glibc";
}

/** The version that a program gives when it is asked; asked again once it looks otherwise. Undefined where there is none. */
async function versionOf({ files, env, notes }: ToolsGround, name: string): Promise<string | undefined> {
  const path = findProgram(files, env, name);
  if (path === undefined) return undefined;
  const { size, mtimeMs, ino } = files.stat(path) ?? {};
  const note = `version of ${path} ${size} ${mtimeMs} ${ino}`;
  const known = notes.note(note);
  if (known !== undefined) return known;
  const child = Bun.spawn([path, "--version"], { stdin: "ignore", stdout: "pipe", stderr: "ignore", env: { ...env } });
  const version = (await new Response(child.stdout).text()).trim();
  if ((await child.exited) !== 0) return undefined;
  notes.remember(note, version);
  return version;
}

/** A link is followed by whoever starts it: what it leads to may change while the link stays, so that Node's version is asked by its real file where that can be told. */
export async function machineTools(ground: ToolsGround): Promise<Tools> {
  const { manager, files } = ground;
  const runtime = manager.name === "bun" ? "bun" : "node";
  const version = await versionOf(ground, runtime);
  return {
    platform: `${platform()} ${arch()}${libc(files)}`,
    versions: {
      ...(version === undefined ? {} : { [runtime]: version }),
      [manager.name]: manager.version ?? "",
    },
  };
}
