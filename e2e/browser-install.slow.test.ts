// The test script installs the browser where it is missing. Tried on a copy of this machine whose changes are kept in memory
// (overlayfs in a mount namespace): there the browser is taken away, and the script is run.
import { afterAll, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { findBrowser, INSTALL_COMMAND } from "../scripts/browser.mjs";

const root = resolve(import.meta.dir, "..");
const work = mkdtempSync(join(tmpdir(), "sluice-no-browser-"));
const installMsMax = 600_000;
afterAll(() => rmSync(work, { recursive: true, force: true }));

const enter = `set -e
mount -t tmpfs none "$0"
mkdir "$0/upper" "$0/work" "$0/all"
mount -t overlay overlay -o "lowerdir=/,upperdir=$0/upper,workdir=$0/work" "$0/all"
mount --rbind /proc "$0/all/proc"
mount --rbind /dev "$0/all/dev"
exec chroot "$0/all" sh -c "$1"`;

/** Runs a script on the copy; everything is as before when it has ended. */
function onACopy(script: string): { readonly exitCode: number | null; readonly said: string } {
  const ran = spawnSync("/usr/bin/unshare", ["--mount", "sh", "-c", enter, work, script], {
    encoding: "utf8",
    timeout: installMsMax,
  });
  return { exitCode: ran.status, said: `${ran.stdout}${ran.stderr}` };
}

/** What stands in the way of trying it here. */
function obstacle(): string | undefined {
  if (process.platform !== "linux" || process.getuid?.() !== 0) return "root on Linux is needed";
  if (findBrowser() === undefined) return `there is no browser that could be missing: ${INSTALL_COMMAND}`;
  const { exitCode, said } = onACopy("apt-get --version && dpkg --status chromium-headless-shell");
  return exitCode === 0 ? undefined : `no copy of this machine can be made: ${said}`;
}

const reason = obstacle();
if (reason !== undefined) console.log(`The installation of the browser is not tried: ${reason}`);

test.skipIf(reason !== undefined)(
  "the test script installs the browser where it is missing, and finds it then",
  () => {
    const { exitCode, said } = onACopy(`cd "${root}"
    dpkg --remove --force-depends chromium chromium-headless-shell > /dev/null
    if command -v chromium || command -v chromium-headless-shell; then echo "It is still there."; exit 1; fi
    node scripts/test.mjs fast scripts/junit.test.ts
    command -v chromium-headless-shell`);
    expect(said).toContain(`Installing the browser (${INSTALL_COMMAND})`);
    expect(said).toMatch(/^\d+ passed, 0 failed$/m);
    expect(said).toMatch(/^\/.*chromium-headless-shell$/m);
    expect(exitCode).toBe(0);
    // Not here.
    expect(findBrowser()).toBeDefined();
  },
  900_000,
);
