// `npm run test:cluster`: builds the real control plane where it is not there yet, and runs the tests that need it.

import { join } from "node:path";

const root = join(import.meta.dir, "../..");
for (const command of [["scripts/control-plane/build.ts"], ["scripts/test.ts", "slow", "e2e/cluster"]]) {
  const { exitCode } = Bun.spawnSync([process.execPath, ...command], {
    cwd: root,
    stdio: ["ignore", "inherit", "inherit"],
  });
  if (exitCode !== 0) process.exit(exitCode);
}
