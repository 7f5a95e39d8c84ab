#!/usr/bin/env node
// The installed command of a worker: runs on the runtime that it is started with.

import process from "node:process";
import { sluiceWorker } from "../dist/sluice-worker.js";

process.exit(await sluiceWorker(process.argv.slice(2)));
