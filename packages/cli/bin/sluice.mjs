#!/usr/bin/env node
// The installed command: starts the bundled CLI on Bun, which came along as the npm package `bun`.

import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { becomeBun, findBun } from "./bun.mjs";

const bun = findBun(import.meta.url);
if (bun === undefined) {
  console.error("sluice: the npm package `bun` is not installed here; run `npm install bun` and try again");
  process.exit(1);
}

const bundled = fileURLToPath(new URL("../dist/main.js", import.meta.url));
const source = fileURLToPath(new URL("../src/main.ts", import.meta.url));
becomeBun(bun, [existsSync(source) ? source : bundled, ...process.argv.slice(2)]);
