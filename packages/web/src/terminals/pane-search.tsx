// Looks for text in what a terminal shows and keeps above.
import { ChevronDown, ChevronUp, X } from "lucide-react";
import { useState } from "react";
import { IconButton } from "../ui/button.tsx";
import { Input } from "../ui/field.tsx";

interface PaneSearchProps {
  readonly found: { readonly count: number; readonly index: number };
  readonly onFind: (text: string, back: boolean) => void;
  readonly onClose: () => void;
}

export function PaneSearch({ found, onFind, onClose }: PaneSearchProps) {
  const [text, setText] = useState("");
  const close = (): void => {
    onFind("", false);
    onClose();
  };
  return (
    <form
      role="search"
      className="flex shrink-0 items-center gap-1 border-b border-line bg-panel px-2 py-1"
      onSubmit={(event) => {
        event.preventDefault();
        onFind(text, true);
      }}
      onKeyDown={(event) => {
        if (event.key === "Escape") close();
      }}
    >
      <Input
        autoFocus
        aria-label="Find in this terminal"
        placeholder="Find"
        value={text}
        onChange={({ target }) => {
          setText(target.value);
          onFind(target.value, true);
        }}
        className="h-7 max-w-72"
      />
      <span role="status" className="tabular min-w-14 text-xs text-ink-soft">
        {text !== "" && (found.count === 0 ? "Nothing" : `${found.index + 1} of ${found.count}`)}
      </span>
      <IconButton size="sm" icon={ChevronUp} label="Before" onClick={() => onFind(text, true)} />
      <IconButton size="sm" icon={ChevronDown} label="Next" onClick={() => onFind(text, false)} />
      <IconButton size="sm" icon={X} label="Close the search" className="ml-auto" onClick={close} />
    </form>
  );
}
