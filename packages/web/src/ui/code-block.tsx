// Text to read and to copy: a command, a stack, a value.
import { Check, Copy } from "lucide-react";
import { useEffect, useState } from "react";
import { IconButton } from "./button.tsx";
import { cx } from "./cx.ts";
import { visibleText } from "./visible-text.ts";

const copiedMs = 1_500;

/** Copies `text` as it is. */
export function CopyButton({ text, label = "Copy" }: { readonly text: string; readonly label?: string | undefined }) {
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return undefined;
    const timer = setTimeout(() => setCopied(false), copiedMs);
    return () => clearTimeout(timer);
  }, [copied]);
  return (
    <IconButton
      icon={copied ? Check : Copy}
      label={copied ? "Copied" : label}
      size="sm"
      onClick={() => {
        void copyText(text).then(() => setCopied(true));
      }}
    />
  );
}

/** Through a selection where the page may not use the clipboard, as over plain http. */
export async function copyText(text: string): Promise<void> {
  const clipboard = (navigator as { clipboard?: Clipboard }).clipboard;
  if (clipboard !== undefined) {
    await clipboard.writeText(text);
    return;
  }
  const area = document.createElement("textarea");
  area.value = text;
  area.className = "sr-only";
  document.body.append(area);
  area.select();
  // eslint-disable-next-line typescript/no-deprecated -- the only way without a secure context
  document.execCommand("copy");
  area.remove();
}

interface CodeBlockProps {
  readonly text: string;
  readonly className?: string | undefined;
  /** Long lines are broken instead of scrolled. */
  readonly wrap?: boolean | undefined;
  readonly label?: string | undefined;
}

export function CodeBlock({ text, className, wrap = false, label }: CodeBlockProps) {
  return (
    <div className={cx("flex min-w-0 items-start rounded-md border border-line bg-inset", className)}>
      <pre
        // Scrolled by keyboard too.
        tabIndex={0}
        role="region"
        aria-label={label ?? "Text"}
        className={cx(
          "max-h-96 min-w-0 grow overflow-auto py-2 pl-3 font-mono text-xs leading-5 text-ink",
          wrap && "break-all whitespace-pre-wrap",
        )}
      >
        <bdi dir="ltr">{visibleText(text)}</bdi>
      </pre>
      <div className="shrink-0 p-1">
        <CopyButton text={text} />
      </div>
    </div>
  );
}
