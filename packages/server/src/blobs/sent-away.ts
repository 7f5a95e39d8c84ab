// Who was sent away as a worker has nothing of what builds share any more.
import { SluiceError } from "@sluice/protocol";
import type { Call } from "../call.ts";
import { quoted } from "../fields.ts";

/** Throws `forbidden` for a worker that was sent away: it comes in by no door. */
export async function notSentAway(call: Call): Promise<void> {
  const { token } = call.principal;
  const binding = token === undefined ? undefined : await call.parts.store.builds.findWorker({ token });
  if (binding?.removedAt === undefined) return;
  throw new SluiceError({
    code: "forbidden",
    message: `The token is that of the worker ${quoted(binding.worker)}, which was sent away.`,
    hint: "Make another one: sluice token create --role worker --name NAME.",
  });
}
