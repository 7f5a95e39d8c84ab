import { blocksOf } from "/work/main/e2e/docs/blocks.ts";
import { makeClone, root } from "/work/main/e2e/docs/clone.ts";
import { Shell } from "/work/main/e2e/docs/shell.ts";
const clone = makeClone();
const pp = clone.folder + "/scripts/pack.ts"; await Bun.write(pp, (await Bun.file(pp).text()).replace(`"packages/worker/src/bun.ts",`, `"packages/worker/src/bun.ts", "packages/server/src/bundle-process.ts",`));
const shell = new Shell(clone);
try {
for (const b of blocksOf(await Bun.file(root + "/" + process.argv[2]).text())) if (b.language === "sh") { const t = Date.now(); console.log("---", b.line, b.text); try { await shell.follow(b); } catch (e) { console.log("FAILED", e); } console.log(Date.now() - t, "ms"); }
} finally { await shell.close(); clone.remove(); }
