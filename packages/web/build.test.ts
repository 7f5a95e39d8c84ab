// What a build of the console weighs and holds.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { buildPage } from "./build.ts";
import type { ConsoleManifest } from "./build.ts";

/** What is loaded before the first screen or the sign-in page can be drawn, gzipped. */
const initialScriptBytesMax = 200_000;

const folder = mkdtempSync(join(tmpdir(), "sluice-build-"));
const outdir = join(folder, "dist");
let manifest: ConsoleManifest;
const read = (path: string) => readFileSync(join(outdir, path));

beforeAll(async () => {
  manifest = await buildPage({ entry: "src/main.tsx", outdir });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("a build", () => {
  test("asks for less than 200 kB of script before anything is shown, sign-in included", () => {
    const signIn = Object.keys(manifest.files).find((name) => /^sign-in-page-.*\.js$/.test(name)) ?? "none";
    const needed = new Set([...manifest.initial, signIn]);
    for (const name of needed) {
      if (!name.endsWith(".js")) continue;
      for (const [, imported = ""] of read(`assets/${name}`)
        .toString()
        .matchAll(/from"\.\/([^"]+)"/g))
        needed.add(imported);
    }
    const scripts = [...needed].filter((name) => name.endsWith(".js"));
    const bytes = scripts.reduce((sum, name) => sum + (manifest.files[name]?.gzipBytes ?? Number.NaN), 0);
    expect(scripts.length).toBeGreaterThan(3);
    expect(bytes).toBeGreaterThanOrEqual(manifest.initialScriptGzipBytes);
    expect(bytes).toBeLessThan(initialScriptBytesMax);
  });

  test("has a page with nothing inline and only parts that exist", () => {
    const page = read("index.html").toString();
    expect(page).not.toMatch(/<script(?![^>]*\bsrc=)|<style|\son\w+=|\sstyle=/);
    const parts = Array.from(page.matchAll(/\/assets\/([^"]+)/g), (match) => match[1] ?? "");
    expect(parts.length).toBeGreaterThanOrEqual(4);
    for (const part of parts) expect(manifest.files).toHaveProperty([part]);
    expect(page.indexOf("head-")).toBeLessThan(page.indexOf("stylesheet"));
  });

  test("knows the scripts of the screens that visits begin with, which are not loaded before", () => {
    expect(Object.keys(manifest.screens)).toEqual(expect.arrayContaining(["/", "/runs", "/runs/", "/workflows"]));
    for (const [path, names] of Object.entries(manifest.screens)) {
      expect([path, names.length > 0]).toEqual([path, true]);
      for (const name of names) {
        expect(manifest.files).toHaveProperty([name]);
        expect(manifest.initial).not.toContain(name);
      }
    }
    expect(manifest.screens["/runs"]?.some((name) => name.startsWith("runs-page-"))).toBe(true);
  });

  test("has every part compressed, and the same in each encoding", () => {
    const names = Object.keys(manifest.files).filter((name) => !name.endsWith(".map"));
    expect(names.length).toBeGreaterThan(10);
    for (const name of names) {
      const plain = read(`assets/${name}`);
      expect(gunzipSync(read(`assets/${name}.gz`)).equals(plain)).toBe(true);
      expect(brotliDecompressSync(read(`assets/${name}.br`)).equals(plain)).toBe(true);
    }
  });

  test("carries no schema library, no evaluation of text, and one React", () => {
    const scripts = Object.keys(manifest.files).filter((name) => name.endsWith(".js"));
    const texts = scripts.map((name) => read(`assets/${name}`).toString());
    for (const text of texts) {
      expect(text).not.toMatch(/ZodError|_zod\b/);
      expect(text).not.toMatch(/\beval\(|\bnew Function\(/);
    }
    expect(texts.filter((text) => text.includes("react.transitional.element"))).not.toHaveLength(0);
    expect(texts.some((text) => text.includes("jsxDEV"))).toBe(false);
  });

  test("made again is the same", async () => {
    const again = await buildPage({ entry: "src/main.tsx", outdir: join(folder, "again") });
    expect(Object.keys(again.files).toSorted()).toEqual(Object.keys(manifest.files).toSorted());
    expect(existsSync(`${outdir}.${process.pid}`)).toBe(false);
  });
});
