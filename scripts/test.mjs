// `npm test` and its tiers: `node scripts/test.mjs fast|slow|full|soak [paths…]`.

import { installBrowser } from "./browser.mjs";
import { runBun } from "./install.mjs";

installBrowser();
runBun(["scripts/test.ts", ...process.argv.slice(2)], { console: true });
