// An error as it was recorded: what, why, where, and what caused it.
import { CircleX } from "lucide-react";
import { useState } from "react";
import { Button } from "../ui/button.tsx";
import { CodeBlock } from "../ui/code-block.tsx";
import { JsonTree } from "../ui/json-tree.tsx";
import { Mono, Text } from "../ui/text.tsx";
import type { RunError as RecordedError } from "./words.ts";

/** Lines of a stack that are the program's own, without the message that stands before them. */
function stackFrames(stack: string): readonly string[] {
  const lines = stack.split("\n").map((line) => line.trim());
  const first = lines.findIndex((line) => line.startsWith("at "));
  return first === -1 ? [] : lines.slice(first);
}

interface RunErrorProps {
  readonly error: RecordedError;
  /** In a line, with the rest behind a button. */
  readonly short?: boolean | undefined;
}

export function RunError({ error, short = false }: RunErrorProps) {
  const [open, setOpen] = useState(!short);
  const { name, code, stack, cause, details } = error.details;
  const frames = stack === undefined ? [] : stackFrames(stack);
  return (
    <div className="flex min-w-0 gap-2.5 rounded-md border border-line bg-bad-soft px-3 py-2.5">
      <CircleX aria-hidden className="mt-0.5 size-4 shrink-0 text-bad" />
      <div className="flex min-w-0 grow flex-col gap-1.5">
        <div className="flex min-w-0 items-start gap-2">
          <p className="min-w-0 grow text-sm text-ink">
            <Mono className="mr-1.5 font-semibold text-bad">{name}</Mono>
            <Text className={open ? "whitespace-pre-wrap" : "line-clamp-2"}>{error.message}</Text>
          </p>
          {short && (
            <Button size="sm" tone="quiet" aria-expanded={open} onClick={() => setOpen(!open)}>
              {open ? "Less" : "More"}
            </Button>
          )}
        </div>
        {open && (
          <>
            {error.hint !== undefined && (
              <p className="text-sm text-ink-soft">
                <Text>{error.hint}</Text>
              </p>
            )}
            <p className="text-xs text-ink-soft">
              Code <Mono>{code ?? error.code}</Mono>
              {cause !== undefined && (
                <>
                  {" "}
                  · caused by <Mono>{cause.name}</Mono>: <Text>{cause.message}</Text>
                </>
              )}
            </p>
            {frames.length > 0 && <CodeBlock label="Stack" text={frames.join("\n")} />}
            {details !== undefined && details !== null && (
              <JsonTree label="Details of the error" source={{ value: details }} className="max-h-60" />
            )}
          </>
        )}
      </div>
    </div>
  );
}
