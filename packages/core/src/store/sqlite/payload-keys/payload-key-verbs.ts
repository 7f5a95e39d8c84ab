// What each verb of the port of data keys that changes something does to the tables.
import type { PayloadKeyStore } from "../../../kernel/payload-keys.ts";
import { erasedValue } from "../../../kernel/sealed.ts";
import { deleteState } from "../retention.ts";
import { letGo } from "../triggers/trigger-verbs.ts";
import type { Tables } from "../tables.ts";

export type PayloadKeyWriteVerb = "putPayloadKey" | "rewrapPayloadKeys" | "erasePayloadKey";

type Params<Verb extends PayloadKeyWriteVerb> = Parameters<PayloadKeyStore[Verb]>[0];
type Answer<Verb extends PayloadKeyWriteVerb> = Awaited<ReturnType<PayloadKeyStore[Verb]>>;

const unfinishedSql = "SELECT id FROM runs WHERE payload_key = ? AND ended_at IS NULL LIMIT 1";
const runsSql = "SELECT id FROM runs WHERE payload_key = ?";
const eraseRunSql = `UPDATE runs SET input = ?1, output = iif(output IS NULL, NULL, ?1), error = iif(error IS NULL, NULL, ?1),
  progress = iif(progress IS NULL, NULL, ?1), outcome_error = iif(outcome_error IS NULL, NULL, ?1) WHERE id = ?2`;
const eraseEntriesSql = `UPDATE entries SET value = iif(value IS NULL, NULL, ?1), error = iif(error IS NULL, NULL, ?1)
  WHERE run = ?2`;
const eraseTokensSql = "UPDATE tokens SET data = iif(data IS NULL, NULL, ?1) WHERE run = ?2";

export const payloadKeyVerbs: {
  readonly [Verb in PayloadKeyWriteVerb]: (t: Tables, p: Params<Verb>) => Answer<Verb>;
} = {
  putPayloadKey({ payloadKeys }, { id, key, now }) {
    payloadKeys.put(id, key, now);
  },

  rewrapPayloadKeys: ({ payloadKeys }, { keys, workflow, version }) => ({
    rewrapped: keys.filter((each) => payloadKeys.rewrap({ ...each, workflow, version })).length,
  }),

  erasePayloadKey(t, { id, now }) {
    if (t.payloadKeys.get(id) === undefined) return { outcome: "not_found" };
    const unfinished = t.db.rows<{ id: string }>(unfinishedSql, id)[0];
    if (unfinished !== undefined) return { outcome: "unfinished", run: unfinished.id };
    // What is freed is overwritten as well, so that no page of the file keeps the key.
    t.db.run("PRAGMA secure_delete = ON");
    try {
      const runs = t.db.rows<{ id: string }>(runsSql, id);
      for (const run of runs) eraseRun(t, run.id);
      // What waits to become a run has no value left to become one with.
      for (const { trigger, key } of t.triggers.heldWithKey(id)) letGo(t, trigger, key);
      t.payloadKeys.erase(id, now);
      return { outcome: "ok", runs: runs.length };
    } finally {
      t.db.run("PRAGMA secure_delete = OFF");
    }
  },
};

/** Everything a run was given and has made, besides the shape of its journal. */
function eraseRun(t: Tables, run: string): void {
  t.db.run(eraseRunSql, [erasedValue, run]);
  t.db.run(eraseEntriesSql, [erasedValue, run]);
  t.db.run(eraseTokensSql, [erasedValue, run]);
  t.attempts.deleteAll(run);
  t.logs.deleteAll(run);
  t.streams.deleteAll(run);
  t.blobs.release(run);
  for (const key of t.state.keysOf(`run:${run}`)) deleteState(t, `run:${run}`, key);
  t.state.forgetOnce(run);
}
