// The bearer token: given, or made once and kept to its owner.
import { afterAll, expect, test } from "bun:test";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { settleToken, tokenFile } from "./compose-token.ts";

const work = mkdtempSync(join(tmpdir(), "sluice-token-"));
afterAll(() => rmSync(work, { recursive: true }));
const secret = (bytes: number): string => "5a".repeat(bytes);

test("one that is given is taken, and not written anywhere", () => {
  const data = join(work, "given");
  expect(settleToken({ data, given: "0123456789abcdef", secret })).toBe("0123456789abcdef");
  expect(existsSync(data)).toBe(false);
});

test("one that is easily guessed is refused", () => {
  expect(() => settleToken({ data: work, given: "short", secret })).toThrow(
    expect.objectContaining({ code: "invalid_config" }),
  );
});

test("without one, it is made once, readable by its owner only", () => {
  const data = join(work, "made");
  const token = settleToken({ data, given: undefined, secret });
  expect(token).toBe(`st_${secret(24)}`);
  expect(readFileSync(join(data, tokenFile), "utf8")).toBe(`${token}\n`);
  expect([statSync(join(data, tokenFile)).mode & 0o777, statSync(join(data, "keys")).mode & 0o777]).toEqual([
    0o600, 0o700,
  ]);
  expect(settleToken({ data, given: "", secret: () => "other" })).toBe(token);
});
