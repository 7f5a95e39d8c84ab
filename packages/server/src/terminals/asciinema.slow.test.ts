// Recordings as others read them.
import { afterAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { TerminalRig } from "./terminal-rig.suite.ts";

const asciinema = Bun.which("asciinema");
const work = mkdtempSync(join(tmpdir(), "sluice-asciinema-"));
afterAll(() => rmSync(work, { recursive: true, force: true }));

const written = "one\\ntwo \\033[31mred\\033[m\\n東京 🎉\\n";

if (asciinema === null) {
  describe.skip("asciinema is missing: bash scripts/ci-setup.sh", () => test("plays recordings", () => undefined));
} else {
  test("a recording is played by asciinema as its program wrote it", async () => {
    await using rig = await TerminalRig.make();
    const id = await rig.shell({ command: ["sh", "-c", `printf '${written}'`], record: "output" });
    const viewer = rig.view(id);
    await viewer.until(() => viewer.last("state")?.state.status === "exited");
    const cast = async () => (await rig.f.send(`/api/v1/recordings/${id}/cast`)).body as string;
    while (!(await cast()).includes('"x"')) continue;
    const file = join(work, "recording.cast");
    const { body } = await rig.f.send(`/api/v1/recordings/${id}/cast?version=2`);
    writeFileSync(file, body as string);
    const { stdout, stderr, exitCode } = Bun.spawnSync([asciinema, "cat", file], {
      env: { ...process.env, LC_ALL: "C.UTF-8" },
    });
    expect([exitCode, stderr.toString()]).toEqual([0, ""]);
    expect(stdout.toString()).toBe("one\r\ntwo \x1b[31mred\x1b[m\r\n東京 🎉\r\n");
  });
}
