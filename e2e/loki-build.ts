// Builds Grafana Loki and logcli from the Go module proxy into the user's cache, for the tests that hold our answers against theirs:
// `bun e2e/loki-build.ts`, about four minutes of two cores.
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";

const lokiVersion = "3.7.8";
const folder = join(homedir(), `.cache/sluice/loki-${lokiVersion}`);
export const lokiPrograms = { loki: join(folder, "loki"), logcli: join(folder, "logcli") };
const loki = "github.com/grafana/loki/v3";

/** Undefined when they are there; otherwise how to get them. */
export function missingLoki(): string | undefined {
  return Object.values(lokiPrograms).every((file) => existsSync(file)) ? undefined : "bun e2e/loki-build.ts";
}

function build(): void {
  const source = mkdtempSync(join(tmpdir(), "sluice-loki-build-"));
  const go = (...args: readonly string[]): string => {
    const { exitCode, stdout, stderr } = Bun.spawnSync(["go", ...args], { cwd: source, stderr: "pipe" });
    if (exitCode !== 0) throw new Error(`go ${args.join(" ")}: ${stderr.toString()}`);
    return stdout.toString();
  };
  try {
    writeFileSync(join(source, "go.mod"), "module scratch\n\ngo 1.26\n");
    const { GoMod } = JSON.parse(go("mod", "download", "-json", `${loki}@v${lokiVersion}`)) as {
      readonly GoMod: string;
    };
    // Replacements hold in a main module alone; that of a part of its own would name a folder that is not there.
    const replaced = readFileSync(GoMod, "utf8")
      .split("\n")
      .filter((line) => line.includes("=>") && !line.includes("=> ./"))
      .map((line) => `replace ${line.replace(/^replace /, "").trim()}`);
    writeFileSync(join(source, "go.mod"), `module scratch\n\ngo 1.26\n\n${replaced.join("\n")}\n`);
    const names = Object.keys(lokiPrograms);
    const imports = names.map((name) => `import _ "${loki}/cmd/${name}"`).join("\n");
    writeFileSync(join(source, "tools.go"), `//go:build tools\n\npackage tools\n\n${imports}\n`);
    go("get", `${loki}@v${lokiVersion}`, `${loki}/pkg/push@latest`);
    go("mod", "tidy");
    mkdirSync(folder, { recursive: true });
    for (const [name, program] of Object.entries(lokiPrograms)) {
      go("build", "-o", join(source, name), `${loki}/cmd/${name}`);
      renameSync(join(source, name), program);
    }
  } finally {
    rmSync(source, { recursive: true, force: true });
  }
}

if (import.meta.main) {
  if (missingLoki() !== undefined) build();
  console.log(folder);
}
