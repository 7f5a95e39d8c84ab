// Following a log query as Grafana Loki's clients do.
import { LogQlError, logQlTail, QueryError } from "@sluice/core/logs";
import type { LogQlTail } from "@sluice/core/logs";
import type { Call } from "../call.ts";
import { refuse } from "../fields.ts";
import { deskOf } from "../logs/log-body.ts";
import { LokiParameters } from "../logs/loki-parameters.ts";
import { LokiTail } from "../logs/loki-tail.ts";
import { tenantOf } from "../logs/tenant.ts";

const linesUsual = 100;

export async function tailLoki(call: Call): Promise<Response> {
  const tenant = tenantOf(call, "log:read");
  const asked = await LokiParameters.of(call);
  const { filter, show } = understood(asked.query());
  const { tails, store, limits } = await deskOf(call);
  const last = asked.limit(linesUsual, limits.logQueryRowsMax);
  const fromMs = Number(asked.span().fromNs / 1_000_000n);
  const { clock } = call.parts;
  return call.upgrade(() => {
    const startSeq = store.lastSeq;
    const tail = tails.tail({ tenant, filter, last });
    return new LokiTail({ tail, show, fromMs, startSeq, clock, onEnded: (listener) => call.onEnded(listener) });
  });
}

function understood(text: string): LogQlTail {
  try {
    return logQlTail(text);
  } catch (error) {
    if (!(error instanceof QueryError) && !(error instanceof LogQlError)) throw error;
    return refuse("invalid_filter", error.message, "docs/logs.md says what of LogQL is known here.");
  }
}
