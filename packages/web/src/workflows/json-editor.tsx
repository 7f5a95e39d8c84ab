// The input as JSON, to be typed or pasted.
import { WandSparkles } from "lucide-react";
import { Button } from "../ui/button.tsx";
import { Card } from "../ui/card.tsx";
import { CopyButton } from "../ui/code-block.tsx";
import { TextArea } from "../ui/field.tsx";
import { Text } from "../ui/text.tsx";
import { writeJson } from "./json-value.ts";
import type { useInput } from "./use-input.ts";

const rowsMin = 8;
const rowsMax = 26;

interface JsonEditorProps {
  readonly input: ReturnType<typeof useInput>;
}

export function JsonEditor({ input }: JsonEditorProps) {
  const { text, error, value } = input;
  const tidy = writeJson(value);
  return (
    <Card
      title="JSON"
      flush
      actions={
        <>
          {error === undefined && text !== tidy && (
            <Button size="sm" tone="quiet" icon={WandSparkles} onClick={() => input.setText(tidy)}>
              Format
            </Button>
          )}
          <CopyButton text={text} label="Copy the JSON" />
        </>
      }
    >
      <TextArea
        aria-label="Input as JSON"
        aria-invalid={error === undefined ? undefined : true}
        aria-describedby={error === undefined ? undefined : "json-error"}
        value={text}
        placeholder="No input"
        rows={Math.min(rowsMax, Math.max(rowsMin, text.split("\n").length + 1))}
        onChange={(event) => input.setText(event.target.value)}
        className="block resize-y rounded-none rounded-b-lg border-0 px-4 font-mono text-xs! leading-5 -outline-offset-2!"
      />
      {error !== undefined && (
        <p id="json-error" role="alert" className="border-t border-line px-4 py-2 text-xs text-bad">
          <Text>{error}</Text>
        </p>
      )}
    </Card>
  );
}
