// One-time codes as a second factor: turned on with an app, taken away, and the recovery codes that are shown once.
import { Smartphone } from "lucide-react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { Answer } from "../api.ts";
import { useCall } from "../query.ts";
import { signInMethodsQuery } from "../session/session.ts";
import { Badge } from "../ui/badge.tsx";
import { Button } from "../ui/button.tsx";
import { Card } from "../ui/card.tsx";
import { PasswordDialog } from "./password-dialog.tsx";
import { TotpDialog } from "./totp-dialog.tsx";

interface SecondFactorCardProps {
  readonly isOn: boolean;
  readonly hasPassword: boolean;
}

export function SecondFactorCard({ isOn, hasPassword }: SecondFactorCardProps) {
  const isOffered = useQuery(signInMethodsQuery).data?.totp ?? false;
  const [asks, setAsks] = useState<"on" | "off">();
  const [secret, setSecret] = useState<Answer<"beginTotp">>();
  const begin = useCall("beginTotp", {
    failures: "inline",
    onDone: (answer) => {
      setAsks(undefined);
      setSecret(answer);
    },
  });
  const remove = useCall("removeTotp", {
    failures: "inline",
    done: "The second factor is off",
    changes: ["me"],
    onDone: () => setAsks(undefined),
  });
  const ask = (what: "on" | "off") => () => {
    begin.reset();
    remove.reset();
    setAsks(what);
  };
  return (
    <Card
      title="Second factor"
      actions={
        isOn ? (
          <Button size="sm" onClick={ask("off")}>
            Turn off
          </Button>
        ) : (
          isOffered && (
            <Button size="sm" icon={Smartphone} onClick={ask("on")}>
              Turn on
            </Button>
          )
        )
      }
    >
      <State isOn={isOn} isOffered={isOffered} />
      <PasswordDialog
        open={asks === "on"}
        onClose={() => setAsks(undefined)}
        title="Turn on the second factor"
        detail="Have an authenticator app at hand."
        hasPassword={hasPassword}
        confirm="Continue"
        busy={begin.isPending}
        error={begin.error}
        onPassword={(password) => begin.mutate({ body: { password } })}
      />
      <PasswordDialog
        open={asks === "off"}
        onClose={() => setAsks(undefined)}
        title="Turn off the second factor"
        detail="Your password alone is enough from then on. Recovery codes are of no use any more."
        hasPassword={hasPassword}
        confirm="Turn off"
        busy={remove.isPending}
        error={remove.error}
        onPassword={(password) => remove.mutate({ body: { password } })}
      />
      {secret !== undefined && <TotpDialog secret={secret} onClose={() => setSecret(undefined)} />}
    </Card>
  );
}

function State({ isOn, isOffered }: { readonly isOn: boolean; readonly isOffered: boolean }) {
  const words = isOn
    ? "Besides your password you are asked for a code of your authenticator app, or for a recovery code."
    : isOffered
      ? "With it your password alone is not enough: you are asked for a code of an app on your phone too."
      : "One-time codes are switched off on this server: identity.totp in sluice.config.ts allows them.";
  return (
    <div className="flex items-start gap-3 text-sm text-ink-soft">
      <Badge tone={isOn ? "good" : "neutral"}>{isOn ? "On" : "Off"}</Badge>
      <p>{words}</p>
    </div>
  );
}
