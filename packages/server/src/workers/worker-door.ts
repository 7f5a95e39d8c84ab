// Lets workers in by their tokens: what identity says of a token, as the workers' side of the engine needs it.
import { fail, ok } from "@sluice/core";
import type { Result } from "@sluice/core";
import type { Identity, Principal } from "@sluice/core/identity";
import type { WorkerDoor, WorkerPermit } from "@sluice/core/workers";
import { isBuildWorker } from "../builds/build-seat.ts";

export function workerDoor(p: { readonly identity: Identity; readonly authentication: boolean }): WorkerDoor {
  const { identity, authentication } = p;
  return {
    async bySecret(secret, address, worker = "") {
      if (!authentication) return ok(permitOf(identity, identity.everyone({ address })));
      if (secret === undefined || secret === "") {
        return fail({
          code: "unauthorized",
          message: "HELLO carries no token.",
          hint: "`sluice token create --role worker --name NAME` makes one.",
        });
      }
      const known = await identity.authenticate({ kind: "bearer", value: secret }, { address });
      return isBuildWorker(worker) ? forBuild(identity, known) : permitted(identity, known);
    },
    async byToken(token, address) {
      return permitted(identity, await identity.holderOf(token, { address }));
    },
  };
}

function permitted(identity: Identity, known: Result<Principal>): Result<WorkerPermit> {
  if (!known.ok) return known;
  if (known.value.may("worker:connect")) return ok(permitOf(identity, known.value));
  return fail({ code: "forbidden", message: "The token does not allow to connect as a worker (worker:connect)." });
}

/** Who may start builds may carry one out. Their token stays theirs: it is bound to no name. */
function forBuild(identity: Identity, known: Result<Principal>): Result<WorkerPermit> {
  if (!known.ok) return known;
  if (!known.value.may("build:start"))
    return fail({ code: "forbidden", message: "The token does not allow to carry out builds (build:start)." });
  const permit = permitOf(identity, known.value);
  return ok({ ...permit, token: undefined, labels: undefined, states: [], kinds: ["run"] });
}

function permitOf(identity: Identity, principal: Principal): WorkerPermit {
  return {
    actor: principal.actor,
    token: principal.token,
    open: principal.kind === "none",
    labels: principal.patterns("worker:connect") ?? principal.narrowed("label"),
    states: principal.narrowed("state"),
    kinds: principal.narrowed("kind"),
    onEnded: (listener) => identity.onEnded(principal, listener),
  };
}
