import { expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PlaceSecrets } from "./secret-source.ts";

test("secrets are read where they are kept; what is not there is none", async () => {
  const folder = mkdtempSync(join(tmpdir(), "sluice-secrets-"));
  writeFileSync(join(folder, "hook"), "from a file\r\n");
  writeFileSync(join(folder, "empty"), "\n");
  const store = { read: async ({ name }: { readonly name: string }) => `stored ${name}` };
  const secrets = new PlaceSecrets({ env: { A: "from env", B: "" }, folder, store });
  expect(await secrets.read({ from: "env", name: "A" })).toBe("from env");
  expect(await secrets.read({ from: "env", name: "B" })).toBeUndefined();
  expect(await secrets.read({ from: "file", name: "hook" })).toBe("from a file");
  expect(await secrets.read({ from: "file", name: "empty" })).toBeUndefined();
  expect(await secrets.read({ from: "file", name: "none" })).toBeUndefined();
  expect(await secrets.read({ from: "store", name: "x" })).toBe("stored x");
  expect(await new PlaceSecrets({ env: {}, folder }).read({ from: "store", name: "x" })).toBeUndefined();
  rmSync(folder, { recursive: true });
});
