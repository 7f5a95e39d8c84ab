// A field for JSON: says where it is wrong once one has stopped there, and lays it out.
import { WrapText } from "lucide-react";
import { useState } from "react";
import type { ReactNode } from "react";
import { Button } from "./button.tsx";
import { Field, TextArea } from "./field.tsx";
import { readJson, writeJson } from "./json-text.ts";

interface JsonFieldProps {
  readonly label: string;
  readonly text: string;
  readonly onChange: (text: string) => void;
  readonly help?: ReactNode;
  readonly rows?: number | undefined;
  readonly autoFocus?: boolean | undefined;
  readonly placeholder?: string | undefined;
  readonly disabled?: boolean | undefined;
}

export function JsonField(props: JsonFieldProps) {
  const { label, text, onChange, help, rows = 8, autoFocus, placeholder, disabled } = props;
  const [left, setLeft] = useState(false);
  const read = readJson(text);
  const layOut = () => read.ok && text.trim() !== "" && onChange(writeJson(read.value));
  return (
    <div className="relative">
      <Field label={label} help={help} error={left && !read.ok ? read.message : undefined}>
        {(ties) => (
          <TextArea
            {...ties}
            rows={rows}
            value={text}
            autoFocus={autoFocus}
            placeholder={placeholder}
            disabled={disabled}
            wrap="off"
            className="overflow-auto font-mono text-xs leading-5"
            onChange={({ target }) => {
              onChange(target.value);
              if (readJson(target.value).ok) setLeft(false);
            }}
            onBlur={() => setLeft(true)}
          />
        )}
      </Field>
      <div className="absolute -top-2 right-0">
        <Button size="sm" tone="quiet" icon={WrapText} onClick={layOut} disabled={!read.ok || disabled === true}>
          Format
        </Button>
      </div>
    </div>
  );
}
