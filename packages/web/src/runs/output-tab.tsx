// What a run streams, as it comes: from the beginning, as far as that is kept, and then piece by piece.
import { Radio } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { useLive } from "../live/use-live.ts";
import { Switch } from "../ui/field.tsx";
import { EmptyState } from "../ui/states.tsx";
import { Text } from "../ui/text.tsx";
import { formatCount } from "../ui/time-format.ts";
import { visibleText } from "../ui/visible-text.ts";
import { nothingStreamed, withUpdate } from "./streamed.ts";
import type { Streamed } from "./streamed.ts";
import type { Run } from "./words.ts";

/** Pieces are shown a few times a second, however fast they come. */
const showEveryMs = 100;

export function OutputTab({ run }: { readonly run: Run }) {
  const shown = useStreamed(run.id);
  const [follow, setFollow] = useState(true);
  const end = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (follow) end.current?.scrollIntoView({ block: "nearest" });
  }, [follow, shown]);
  if (shown.pieces === 0 && shown.lost === 0) {
    return (
      <EmptyState icon={Radio} title={shown.ended ? "It streamed nothing" : "Nothing has been streamed yet"}>
        What a workflow or a step hands to ctx.stream shows up here as it comes.
      </EmptyState>
    );
  }
  return (
    <div className="flex flex-col gap-3">
      <div className="flex flex-wrap items-center gap-3 text-xs text-ink-soft">
        <span className="tabular">
          {formatCount(shown.pieces)} {shown.pieces === 1 ? "piece" : "pieces"}
          {shown.lost > 0 && `, ${formatCount(shown.lost)} before them are not kept any more`}
        </span>
        <span>{shown.ended ? "The run has ended" : "Live"}</span>
        <span className="ml-auto">
          <Switch label="Follow" checked={follow} onChange={setFollow} />
        </span>
      </div>
      <ol aria-label="Streamed output" className="flex flex-col gap-3">
        {shown.blocks.map(({ key, source, text }) => (
          <li key={key} className="min-w-0 rounded-md border border-line bg-inset px-3 py-2">
            <Text className="text-xs text-ink-soft">{source}</Text>
            <pre className="font-mono text-xs break-words whitespace-pre-wrap text-ink">{visibleText(text)}</pre>
          </li>
        ))}
      </ol>
      <div ref={end} />
    </div>
  );
}

/** What has come so far. */
function useStreamed(run: string): Streamed {
  const [shown, setShown] = useState(nothingStreamed);
  const latest = useRef(nothingStreamed);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  useLive(`stream:${run}`, (message) => {
    if (message.type !== "stream") return;
    latest.current = withUpdate(latest.current, message);
    timer.current ??= setTimeout(() => {
      timer.current = undefined;
      setShown(latest.current);
    }, showEveryMs);
  });
  return shown;
}
