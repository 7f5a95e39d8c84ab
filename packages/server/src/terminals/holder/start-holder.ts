// Begins the holder of a data folder's terminals so that it is nobody's child: whoever ends this server with all its children does
// not mean the programs of others.
import { chmodSync, mkdirSync, rmSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { SluiceError } from "@sluice/protocol";

const folderMode = 0o700;
const nothingShared = 0o077;
/** Of the server's environment the holder gets what it takes to run; programs get theirs by name. */
const passed = ["PATH", "HOME", "TMPDIR", "LANG"];
/** The shell ends at once: the holder is then a child of the first process of the machine. */
const launch = 'umask 077; "$@" </dev/null 2>"$0" & exit 0';

/** Resolves once its socket is there. Throws `unavailable` where it could not be begun. */
export async function startHolder(path: string, env: Readonly<Record<string, string | undefined>>): Promise<void> {
  claimFolder(dirname(path));
  rmSync(path, { force: true });
  // Bundled, it stands beside the bundle.
  const file = import.meta.url.endsWith(".ts") ? "./holder-process.ts" : "./holder-process.js";
  const program = [process.execPath, "--smol", "--no-install", Bun.fileURLToPath(new URL(file, import.meta.url)), path];
  const launcher = Bun.spawn(["/bin/sh", "-c", launch, `${path}.log`, ...program], {
    cwd: "/",
    env: Object.fromEntries(passed.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]]]))),
    stdin: "ignore",
    stdout: "pipe",
    stderr: "ignore",
    // A session of its own.
    detached: true,
  });
  for await (const bytes of launcher.stdout) {
    if (new TextDecoder().decode(bytes).includes("ready")) return;
  }
  const said = await Bun.file(`${path}.log`).text();
  throw new SluiceError({
    code: "unavailable",
    message: `What keeps terminals could not be started: ${said.trim().split("\n").at(-1) ?? "it ended at once"}.`,
  });
}

/** Nobody else may put a socket there. */
function claimFolder(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: folderMode });
  const { uid, mode } = statSync(folder);
  if (uid !== process.getuid?.()) {
    throw new SluiceError({ code: "unavailable", message: `The folder ${folder} is another user's.` });
  }
  if ((mode & nothingShared) !== 0) chmodSync(folder, folderMode);
}
