// versitygw, a store that speaks S3, built once from the Go module proxy into the user's cache.
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import type { PeerServer } from "./service-peers.suite.ts";

const version = "v1.8.0";
const command = "github.com/versity/versitygw/cmd/versitygw";
const folder = join(homedir(), ".cache/sluice");
const program = join(folder, `versitygw-${version}`);
/** What a request for a bucket is answered within, once the gateway listens. */
const lookAgainMs = 50;

/** Undefined when it is there; otherwise why not, and what to do about it. */
export function buildGateway(): string | undefined {
  if (existsSync(program)) return undefined;
  if (Bun.which("go") === null) return "Go is not there to build versitygw with: apt-get install golang-go";
  mkdirSync(folder, { recursive: true });
  const source = mkdtempSync(join(tmpdir(), "sluice-versitygw-"));
  try {
    writeFileSync(join(source, "go.mod"), "module scratch\n\ngo 1.24\n");
    writeFileSync(join(source, "tools.go"), `//go:build tools\n\npackage tools\n\nimport _ "${command}"\n`);
    for (const args of [
      ["get", `${command}@${version}`],
      ["build", "-o", join(source, "built"), command],
    ]) {
      const { exitCode, stderr } = Bun.spawnSync(["go", ...args], { cwd: source, stderr: "pipe" });
      if (exitCode !== 0) return `go ${args.join(" ")}: ${stderr.toString()}`;
    }
    renameSync(join(source, "built"), program);
    return undefined;
  } finally {
    rmSync(source, { recursive: true, force: true });
  }
}

/** A gateway on loopback over a folder of its own, with one bucket. */
export async function startGateway(p: {
  readonly bucket: string;
  readonly access: string;
  readonly secret: string;
}): Promise<PeerServer> {
  const data = mkdtempSync(join(tmpdir(), "sluice-s3-gateway-"));
  mkdirSync(join(data, p.bucket));
  const port = await freePort();
  const child = Bun.spawn(
    [program, "--port", `127.0.0.1:${port}`, "--access", p.access, "--secret", p.secret, "posix", data],
    { stdout: "ignore", stderr: "inherit" },
  );
  const url = `http://127.0.0.1:${port}`;
  while (child.exitCode === null && !(await answers(url))) await Bun.sleep(lookAgainMs);
  if (child.exitCode !== null) throw new Error(`versitygw ended with ${child.exitCode}`);
  return {
    url,
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await child.exited;
      rmSync(data, { recursive: true, force: true });
    },
  };
}

function answers(url: string): Promise<boolean> {
  return fetch(url).then(
    () => true,
    () => false,
  );
}

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, "127.0.0.1", resolve));
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return port;
}
