// A copy of the repository in which documents are followed: what git knows of it, with the packages that are installed here,
// and with `npm` and `npx` that do what the documents need and nothing else.
import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

export const root = join(import.meta.dir, "../..");

export interface Clone {
  readonly folder: string;
  /** Folder to put in front of PATH. */
  readonly bin: string;
  remove(): void;
}

/** Copies what is, or could be, committed: a clone without its history. */
export function copySources(folder: string): void {
  const git = Bun.spawnSync(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], { cwd: root });
  if (git.exitCode !== 0) throw new Error(`git ls-files failed: ${git.stderr.toString()}`);
  for (const path of git.stdout.toString().split("\0")) {
    if (path === "" || !Bun.file(join(root, path)).size) continue;
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    cpSync(join(root, path), join(folder, path));
  }
}

export function makeClone(): Clone {
  const work = mkdtempSync(join(tmpdir(), "sluice-docs-"));
  const folder = join(work, "sluice");
  copySources(folder);
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
  const bin = join(work, "bin");
  mkdirSync(bin);
  script(join(bin, "npm"), npmScript(folder));
  script(join(bin, "npx"), npxScript(folder));
  return { folder, bin, remove: () => rmSync(work, { recursive: true, force: true }) };
}

function script(path: string, text: string): void {
  writeFileSync(path, text);
  chmodSync(path, 0o755);
}

/** The real npm runs outside the clone only: inside, `npm ci` would reach through the link to the packages installed here. */
function npmScript(folder: string): string {
  const npm = Bun.which("npm");
  return `#!/bin/sh
case "$PWD/" in
  "${folder}"/*) case "$*" in
    start) exec node scripts/start.mjs ;;
    "run pack:dist") exec node scripts/run.mjs scripts/pack.ts ;;
    "pack "*) ;;
    *) echo "npm $* is not part of a document that is followed here" >&2; exit 99 ;;
  esac ;;
esac
exec ${npm} --prefer-offline --no-audit --no-fund --loglevel=error "$@"
`;
}

function npxScript(folder: string): string {
  return `#!/bin/sh
[ "$1" = sluice ] || { echo "npx $* is not part of a document that is followed here" >&2; exit 99; }
shift
case "$PWD/" in
  "${folder}"/*) exec node "${folder}/packages/cli/bin/sluice.mjs" "$@" ;;
esac
[ -x node_modules/.bin/sluice ] || { echo "sluice is not installed in $PWD" >&2; exit 99; }
exec node_modules/.bin/sluice "$@"
`;
}
