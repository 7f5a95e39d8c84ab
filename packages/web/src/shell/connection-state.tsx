// Whether what is shown follows the server at this moment.
import { useLiveState } from "../live/use-live.ts";
import type { LiveStatus } from "../live/connection.ts";
import { cx } from "../ui/cx.ts";
import { Tooltip } from "../ui/tooltip.tsx";

const looks: Readonly<Record<LiveStatus, { label: string; detail: string; dot: string }>> = {
  open: { label: "Live", detail: "Changes are shown as they happen.", dot: "bg-good" },
  connecting: { label: "Connecting", detail: "The live stream is being opened.", dot: "bg-warn animate-shimmer" },
  lost: { label: "Offline", detail: "The live stream is cut off; it is tried again by itself.", dot: "bg-bad" },
  off: { label: "Not live", detail: "Nothing is shown as it happens.", dot: "bg-ink-faint" },
};

export function ConnectionState() {
  const { status } = useLiveState();
  const { label, detail, dot } = looks[status];
  return (
    <Tooltip text={detail}>
      <div
        role="status"
        aria-label={`Connection: ${label}`}
        tabIndex={0}
        className="flex h-8 items-center gap-1.5 rounded-md px-2 text-xs text-ink-soft"
      >
        <span aria-hidden className={cx("size-2 rounded-full", dot)} />
        <span className="max-sm:sr-only">{label}</span>
      </div>
    </Tooltip>
  );
}
