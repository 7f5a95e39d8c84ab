// `npm test` and its tiers: `node scripts/test.mjs fast|slow|full|soak [paths…]`.

import { runBun } from "./install.mjs";

runBun(["scripts/test.ts", ...process.argv.slice(2)]);
