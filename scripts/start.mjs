// `npm start`: the quickstart example under `sluice up`. Further arguments go to `up`: `npm start -- --port 8000`.

import { runBun } from "./install.mjs";

runBun(["packages/cli/src/main.ts", "up", "--project", "examples/quickstart", ...process.argv.slice(2)], {
  console: true,
});
