// What a token is limited to: patterns by what they are about.
import type { SelectorName } from "@sluice/protocol";
import { selectorNames } from "@sluice/protocol";
import { Plus, X } from "lucide-react";
import { Button, IconButton } from "../ui/button.tsx";
import { Input } from "../ui/field.tsx";
import { Select } from "../ui/select.tsx";
import { patternsOf } from "./access.ts";

export interface LimitLine {
  readonly selector: SelectorName;
  readonly text: string;
}

const options = selectorNames.map((name) => ({ value: name, label: name }));

/** Lines of one selector go together; empty ones limit nothing. */
export function limitsOf(lines: readonly LimitLine[]): Partial<Record<SelectorName, string[]>> {
  const limits: Partial<Record<SelectorName, string[]>> = {};
  for (const { selector, text } of lines) {
    const patterns = patternsOf(text);
    if (patterns.length > 0) limits[selector] = [...new Set([...(limits[selector] ?? []), ...patterns])];
  }
  return limits;
}

interface LimitsFieldProps {
  readonly lines: readonly LimitLine[];
  readonly onChange: (lines: readonly LimitLine[]) => void;
}

export function LimitsField({ lines, onChange }: LimitsFieldProps) {
  const set = (index: number, change: Partial<LimitLine>) =>
    onChange(lines.map((line, at) => (at === index ? { ...line, ...change } : line)));
  const unused = selectorNames.find((name) => !lines.some(({ selector }) => selector === name));
  return (
    <fieldset className="flex flex-col gap-2">
      <legend className="mb-1 text-xs font-medium text-ink-soft">Only on</legend>
      {lines.map(({ selector, text }, index) => (
        <div key={index} className="flex items-center gap-2">
          <Select
            label="Limited by"
            className="w-32"
            value={selector}
            options={options}
            onChange={(next) => set(index, { selector: next })}
          />
          <Input
            aria-label={`Patterns of ${selector}`}
            placeholder="billing/*, ops"
            value={text}
            required
            onChange={({ target }) => set(index, { text: target.value })}
          />
          <IconButton
            icon={X}
            size="sm"
            label={`Take away the limit by ${selector}`}
            onClick={() => onChange(lines.filter((_, at) => at !== index))}
          />
        </div>
      ))}
      <div className="flex items-center gap-3">
        {unused !== undefined && (
          <Button size="sm" icon={Plus} onClick={() => onChange([...lines, { selector: unused, text: "" }])}>
            Add a limit
          </Button>
        )}
        {lines.length === 0 && <span className="text-xs text-ink-faint">No limit: on everything.</span>}
      </div>
    </fieldset>
  );
}
