// `npm run check`: everything that can be said about the code without running the product.

import { runBun } from "./install.mjs";

runBun(["scripts/check.ts", ...process.argv.slice(2)]);
