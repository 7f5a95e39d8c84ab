// Runs a TypeScript file of this workspace on Bun: `node scripts/run.mjs scripts/pack.ts [arguments…]`.

import { runBun } from "./install.mjs";

runBun(process.argv.slice(2));
