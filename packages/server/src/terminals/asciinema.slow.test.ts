// Recordings as others read them.
import { afterAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseCast } from "@sluice/protocol/asciicast";
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
    /** What a program writes, as it was recorded. */
    const recordingOf = async (
      command: readonly string[],
    ): Promise<{ readonly id: string; readonly output: string }> => {
      const id = await rig.shell({ command, record: "output", env: { LC_ALL: "C.UTF-8" } });
      const viewer = rig.view(id);
      await viewer.until(() => viewer.last("state")?.state.status === "exited");
      for (;;) {
        const { body } = await rig.f.send(`/api/v1/recordings/${id}/cast`);
        const { events } = parseCast(String(body)) ?? { events: [] };
        const output = events.filter(({ code }) => code === "o").map(({ data }) => data);
        if (events.at(-1)?.code === "x") return { id, output: output.join("") };
      }
    };
    const first = await recordingOf(["sh", "-c", `printf '${written}'`]);
    expect(first.output).toBe("one\r\ntwo \x1b[31mred\x1b[m\r\n東京 🎉\r\n");
    const file = join(work, "recording.cast");
    const { body } = await rig.f.send(`/api/v1/recordings/${first.id}/cast?version=2`);
    writeFileSync(file, String(body));
    // It wants a terminal to write to: one of ours, recorded again.
    const again = await recordingOf([asciinema, "cat", file]);
    expect(again.output).toBe(first.output);
  }, 60_000);
}
