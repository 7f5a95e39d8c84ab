// Archives that would write outside of the workspace that they are unpacked into, by every way there is.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { HttpFixture } from "../http-fixture.ts";
import type { Answer } from "../http-fixture.ts";
import { tarOf } from "./tar.fixture.suite.ts";

let f: HttpFixture;
beforeAll(async () => {
  f = await HttpFixture.make();
});
afterAll(async () => f[Symbol.asyncDispose]());

const put = (path: string, body: Uint8Array): Promise<Answer> =>
  f.send(path, { method: "PUT", body: body as Uint8Array<ArrayBuffer> });

describe("an archive", () => {
  const link = (name: string, target: string) => ({ name, type: "2", link: target });
  test.each([
    ["climbs out", [{ name: "../evil", content: "x" }]],
    ["climbs out in the middle", [{ name: "a/../../evil", content: "x" }]],
    ["is absolute", [{ name: "/etc/evil", content: "x" }]],
    ["links out", [link("dist/l", "../../..")]],
    ["links out absolutely", [link("l", "/etc")]],
    ["links and then writes through the link", [link("l", "dist"), { name: "l/x", content: "x" }]],
    ["links and then writes over the link", [link("l", "dist"), { name: "l", content: "x" }]],
    ["links hard to a link", [link("l", "dist"), { name: "h", type: "1", link: "l" }]],
    ["links hard to the outside", [{ name: "h", type: "1", link: "../../x" }]],
    ["has a device", [{ name: "d", type: "3" }]],
    [
      "climbs out by a pax header",
      [
        { name: "PaxHeader", type: "x", content: "16 path=../evil\n" },
        { name: "ok", content: "x" },
      ],
    ],
    [
      "climbs out by a long name",
      [
        { name: "@LongLink", type: "L", content: "../evil\0" },
        { name: "ok", content: "x" },
      ],
    ],
  ])("of which a member %s is kept by no tool", async (_what, members) => {
    const tar = tarOf(members);
    expect((await put("/cache/turbo/v8/artifacts/00000000000000ee", zstdCompressSync(tar))).status).toBe(403);
    expect((await f.get("/cache/turbo/v8/artifacts/00000000000000ee")).status).toBe(404);
    // Nx goes on silently.
    expect((await put("/cache/nx/v1/cache/66", gzipSync(tar))).status).toBe(403);
    expect((await f.get("/cache/nx/v1/cache/66")).status).toBe(404);
  });

  test("that is cut off, packed otherwise or none at all is not kept", async () => {
    const tar = tarOf([{ name: "dist/out.js", content: "x".repeat(5_000) }]);
    const broken = [
      gzipSync(tar).subarray(0, 30),
      zstdCompressSync(tar),
      gzipSync(tar.subarray(0, 700)),
      Buffer.from("text"),
      Buffer.alloc(0),
      gzipSync("text".repeat(1_000)),
    ];
    for (const body of broken) expect((await put("/cache/nx/v1/cache/67", body)).status).toBe(403);
    expect((await put("/cache/nx/v1/cache/67", gzipSync(tar))).status).toBe(200);
  });
});

test("what a real tar makes of a folder is taken", async () => {
  const folder = join(f.folder, "packed");
  const long = `${"deep/".repeat(30)}${"n".repeat(90)}`;
  mkdirSync(join(folder, long), { recursive: true });
  for (const name of ["a.js", `${long}/x.js`, "ümlaut"]) writeFileSync(join(folder, name), name);
  symlinkSync("a.js", join(folder, "link"));
  for (const format of ["gnu", "posix", "ustar", "pax"]) {
    const tar = Bun.spawnSync(["tar", `--format=${format}`, "-C", folder, "-c", ...readdirSync(folder)]).stdout;
    const status = (await put(`/cache/nx/v1/cache/900${format}`, gzipSync(tar))).status;
    // ustar has no place for such a name: tar leaves it out and says so.
    expect(status).toBe(200);
  }
});
