// A program that begins what it never ends, and is killed in the middle of it.
import { openSqliteStore } from "../../store/sqlite/index.ts";
import { systemClock } from "../../kernel/clock.ts";
import { audited } from "./audited.ts";

const [file = ""] = process.argv.slice(2);
const store = await openSqliteStore({
  file,
  onFatal: (error) => {
    throw error;
  },
});
const by = { kind: "user", id: "ada", origin: { address: "192.0.2.7" } } as const;
const intent = { by, action: "backup:restore", target: `backup:${store.instance}` };

await audited({ log: store.audit, clock: systemClock }, intent, {
  action: async () => {
    process.stdout.write("begun\n");
    await new Promise<never>(() => setInterval(() => undefined, 60_000));
  },
});
