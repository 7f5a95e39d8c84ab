// `npm run screens`: pictures of every screen of the console.

import { installBrowser } from "./browser.mjs";
import { runBun } from "./install.mjs";

installBrowser();
runBun(["scripts/screens.ts", ...process.argv.slice(2)], { console: true });
