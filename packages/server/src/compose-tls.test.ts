// Certificates: what cannot be used is refused, and what is replaced is noticed.
import { afterAll, describe, expect, test } from "bun:test";
import { copyFileSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SimulatedClock } from "@sluice/core/testing";
import { followTls, readTls } from "./compose-tls.ts";

const folder = mkdtempSync(join(tmpdir(), "sluice-tls-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A certificate that signs itself. */
function certificate(name: string): { readonly cert: string; readonly key: string } {
  const [cert, key] = [join(folder, `${name}.crt`), join(folder, `${name}.key`)];
  const made = Bun.spawnSync(
    `openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=${name}.example`
      .split(" ")
      .concat("-keyout", key, "-out", cert),
    { stderr: "pipe" },
  );
  if (made.exitCode !== 0) throw new Error(made.stderr.toString());
  return { cert, key };
}

const [a, b] = [certificate("a"), certificate("b")];

describe("a certificate", () => {
  test("is read with its key", () => {
    expect(readTls(a).cert).toStartWith("-----BEGIN CERTIFICATE-----");
  });

  test.each([
    ["the key of another one", { cert: a.cert, key: b.key }],
    ["no key", { cert: a.cert, key: join(folder, "none") }],
    ["a file that is none", { cert: a.key, key: a.key }],
  ])("with %s is refused", (_what, files) => {
    expect(() => readTls(files)).toThrow(/TLS cannot use/);
  });

  test("that is replaced is noticed, and one that cannot be used is not taken", () => {
    const files = { cert: join(folder, "live.crt"), key: join(folder, "live.key") };
    const put = (pair: { cert: string; key: string }, second: number): void => {
      copyFileSync(pair.cert, files.cert);
      copyFileSync(pair.key, files.key);
      for (const file of Object.values(files)) utimesSync(file, second, second);
    };
    put(a, 1);
    const clock = new SimulatedClock(1_800_000_000_000);
    const seen: string[] = [];
    const logged: string[] = [];
    const stop = followTls({
      files,
      clock,
      checkMs: 30_000,
      log: (level) => logged.push(level),
      changed: ({ cert }) => seen.push(cert),
    });
    clock.advance(60_000);
    expect(seen).toEqual([]);
    put({ cert: b.cert, key: a.key }, 2);
    clock.advance(60_000);
    expect([seen, logged]).toEqual([[], ["error"]]);
    put(b, 3);
    clock.advance(60_000);
    expect(seen).toEqual([readTls(b).cert]);
    rmSync(files.cert);
    clock.advance(60_000);
    writeFileSync(files.cert, readTls(b).cert);
    stop();
    put(a, 4);
    clock.advance(60_000);
    expect(seen).toHaveLength(1);
  });
});
