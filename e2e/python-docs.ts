// Follows docs/python.md as a reader would: files are written under the names they begin with, commands run one block after the other.
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { blocksOf, missingLine } from "./docs/blocks.ts";
import { run } from "./python-rig.ts";

const root = join(import.meta.dir, "..");

/** Text of the page's Python blocks that are no file of their own: fragments of a program. */
export function fragments(): readonly string[] {
  return pythonBlocks().flatMap(({ name, text }) => (name === undefined ? [text] : []));
}

function pythonBlocks(): readonly { readonly name: string | undefined; readonly text: string }[] {
  return blocksOf(readFileSync(join(root, "docs/python.md"), "utf8")).flatMap(({ language, text }) =>
    language === "python" ? [{ name: /^# (\S+\.py)\n/.exec(text)?.[1], text }] : [],
  );
}

/** Follows the page in an empty folder; what went otherwise than it says, or nothing. */
export function followPage(folder: string, p: { readonly bin: string; readonly port: number }): string | undefined {
  const ported = (text: string): string => text.replaceAll("7891", String(p.port));
  mkdirSync(join(folder, "workers"));
  symlinkSync(join(root, "workers/python"), join(folder, "workers/python"));
  for (const { name, text } of pythonBlocks()) {
    if (name === undefined) continue;
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), ported(text));
  }
  for (const { language, text, output = "" } of blocksOf(readFileSync(join(root, "docs/python.md"), "utf8"))) {
    if (language !== "sh") continue;
    const script = `set -e -o pipefail\ntrap 'kill $(jobs -p) 2>/dev/null || true' EXIT\n${ported(text)}`;
    const ran = run(["bash", "-c", script], { cwd: folder, env: { PATH: `${p.bin}:${process.env["PATH"]}` } });
    if (ran.exitCode !== 0) return `${text}\nended with ${ran.exitCode}:\n${ran.output}`;
    const missing = missingLine(output, ran.output);
    if (missing !== undefined) return `${text}\ndid not print ${missing} but:\n${ran.output}`;
  }
  return undefined;
}
