// Asks before many lines, or lines that run at once, go into a terminal.
import { Button } from "../ui/button.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { CodeBlock } from "../ui/code-block.tsx";
import { oneLine } from "./paste.ts";
import type { PastePlan } from "./paste.ts";

interface PasteDialogProps {
  readonly plan: PastePlan | undefined;
  readonly onPaste: (text: string) => void;
  readonly onClose: () => void;
}

const shownCharsMax = 20_000;

export function PasteDialog({ plan, onPaste, onClose }: PasteDialogProps) {
  if (plan === undefined) return null;
  const { text, lines, removed } = plan;
  return (
    <Dialog
      open
      onClose={onClose}
      title={lines === 1 ? "Paste a line that runs at once?" : `Paste ${lines} lines?`}
      detail="A program that does not know about pasting takes each line as if you had typed it."
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          {text.includes("\n") && <Button onClick={() => onPaste(oneLine(text))}>Paste as one line</Button>}
          <Button tone="primary" onClick={() => onPaste(text)}>
            Paste
          </Button>
        </>
      }
    >
      <CodeBlock text={text.slice(0, shownCharsMax)} label="What would be pasted" />
      {text.length > shownCharsMax && (
        <p className="pt-2 text-xs text-ink-faint">{text.length - shownCharsMax} characters more.</p>
      )}
      {removed > 0 && (
        <p className="pt-2 text-xs text-ink-soft">
          {removed === 1 ? "A control character is" : `${removed} control characters are`} left out.
        </p>
      )}
    </Dialog>
  );
}
