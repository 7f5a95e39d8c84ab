// What a runtime lacks is absent, and it says so.

import { deepEqual, equal, match } from "node:assert/strict";
import process from "node:process";
import { detectRuntime } from "../detect.ts";
import type { Test } from "./case.suite.ts";
import { codeOf } from "./case.suite.ts";

async function hasModule(name: string): Promise<boolean> {
  try {
    await import(name);
    return true;
  } catch {
    return false;
  }
}

export function capabilityCases(test: Test): void {
  test("capabilities: the provider is the one of the runtime that runs", ({ runtime }) => {
    equal(runtime.name, detectRuntime());
    const globals = globalThis as { Bun?: { version: string }; Deno?: { version: { deno: string } } };
    const own = globals.Bun?.version ?? globals.Deno?.version.deno ?? process.versions.node;
    equal(runtime.version, own);
    match(runtime.version, /^\d+\.\d+\.\d+/);
  });

  test("capabilities: a runtime is told by its globals, and a page is none", async () => {
    const node = { versions: { node: "20.0.0" } };
    equal(detectRuntime({ Bun: { version: "1" }, process: node }), "bun");
    equal(detectRuntime({ Deno: { version: { deno: "2" } }, process: node }), "deno");
    equal(detectRuntime({ process: node }), "node");
    equal(await codeOf(() => detectRuntime({ window: {} })), "unsupported");
  });

  test("capabilities: what is absent is said to be, and what is said to be there is", ({ runtime }) => {
    const { capabilities, ffi, process: processes } = runtime;
    equal(ffi !== undefined, capabilities.nativeFfi);
    equal(processes.spawnPty !== undefined, capabilities.pty);
    equal(typeof SharedArrayBuffer === "function", capabilities.sharedArrayBuffer);
    equal(typeof ReadableStream === "function", capabilities.webStreams);
    const table = {
      bun: { nativeHttp: true, nativeShell: true, nativeFfi: true, nativeBundler: true, hotReload: true, pty: true },
      node: {
        nativeHttp: false,
        nativeShell: false,
        nativeFfi: false,
        nativeBundler: false,
        hotReload: false,
        pty: false,
      },
      deno: {
        nativeHttp: true,
        nativeShell: false,
        nativeFfi: true,
        nativeBundler: false,
        hotReload: true,
        pty: false,
      },
    };
    const told = table[runtime.name as keyof typeof table];
    deepEqual(capabilities, { ...capabilities, ...told });
  });

  test("capabilities: SQLite is the runtime's own, or comes by a package", async ({ runtime }) => {
    const own = runtime.name === "bun" || (await hasModule("node:sqlite"));
    equal(runtime.capabilities.nativeSqlite, own);
    match(runtime.sqlite.libraryVersion, /^3\.\d+\.\d+$/);
  });
}
