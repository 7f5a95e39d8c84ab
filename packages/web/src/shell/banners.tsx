// Bars below the header for what concerns the whole console: nobody has to sign in, the server does not answer.
import { ShieldOff, Unplug } from "lucide-react";
import { useEffect, useState } from "react";
import { useParts } from "../parts.ts";
import { useLiveState } from "../live/use-live.ts";
import { useMe } from "../session/session.ts";
import { Button } from "../ui/button.tsx";
import { useNow } from "../ui/time.tsx";

/** A restart that takes less than this is not worth a bar. */
const lostShownAfterMs = 1_500;

export function Banners() {
  const me = useMe();
  const { status } = useLiveState();
  return (
    <>
      {me?.authentication === "none" && (
        <div
          className="flex items-center gap-2 border-b border-line bg-warn-soft px-4 py-1.5 text-xs text-warn"
          role="note"
        >
          <ShieldOff aria-hidden className="size-3.5 shrink-0" />
          <span>
            <strong className="font-semibold">Authentication is off.</strong> Whoever reaches this port may do
            everything. Start without <code className="font-mono">--no-auth</code> to turn it on.
          </span>
        </div>
      )}
      {status === "lost" && <Lost />}
    </>
  );
}

function Lost() {
  const { live } = useParts();
  const [shown, setShown] = useState(false);
  const { retryAt } = useLiveState();
  const now = useNow();
  useEffect(() => {
    const timer = setTimeout(() => setShown(true), lostShownAfterMs);
    return () => clearTimeout(timer);
  }, []);
  if (!shown) return null;
  const seconds = retryAt === null ? 0 : Math.max(0, Math.ceil((retryAt - now) / 1_000));
  return (
    <div className="flex items-center gap-2 border-b border-line bg-bad-soft px-4 py-1 text-xs text-bad">
      <Unplug aria-hidden className="size-3.5 shrink-0" />
      <span className="grow" role="status">
        The server does not answer. What you see is what it said last.
      </span>
      <span aria-hidden className="tabular max-sm:hidden">
        {seconds > 0 ? `Next try in ${seconds}s` : "Trying now"}
      </span>
      <Button size="sm" tone="quiet" className="text-bad" onClick={() => live.hurry()}>
        Try now
      </Button>
    </div>
  );
}
