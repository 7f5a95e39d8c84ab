// The tags of a run.
import { Text } from "../ui/text.tsx";

const tagsShownMax = 3;

interface RunTagsProps {
  readonly tags: readonly string[];
  /** All of them, on as many lines as they need. */
  readonly whole?: boolean | undefined;
}

export function RunTags({ tags, whole = false }: RunTagsProps) {
  const shown = whole ? tags : tags.slice(0, tagsShownMax);
  const more = tags.length - shown.length;
  return (
    <span
      className={whole ? "flex flex-wrap gap-1" : "flex gap-1 overflow-hidden"}
      title={whole ? undefined : tags.join(", ")}
    >
      {shown.map((tag) => (
        <span
          key={tag}
          className="inline-flex h-5 max-w-40 min-w-0 items-center rounded-sm bg-inset px-1.5 text-xs text-ink-soft"
        >
          <Text truncate>{tag}</Text>
        </span>
      ))}
      {more > 0 && <span className="text-xs text-ink-faint">+{more}</span>}
    </span>
  );
}
