// How terminals look here: colours, size of the letters, what a selection does.
import { Settings2 } from "lucide-react";
import { useState } from "react";
import { useParts, usePreferences } from "../parts.ts";
import { Button, IconButton } from "../ui/button.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { Field, Switch } from "../ui/field.tsx";
import { Select } from "../ui/select.tsx";
import { fontsPx, terminalThemes } from "./look.ts";
import type { TerminalLook } from "./look.ts";
import { themeLabels } from "./themes.ts";

const themeOptions = terminalThemes.map((value) => ({ value, label: themeLabels[value] }));
const fontOptions = fontsPx.map((size) => ({ value: String(size), label: `${size} px` }));

export function LookButton() {
  const [open, setOpen] = useState(false);
  return (
    <>
      <IconButton icon={Settings2} label="How terminals look" onClick={() => setOpen(true)} />
      <LookDialog open={open} onClose={() => setOpen(false)} />
    </>
  );
}

function LookDialog({ open, onClose }: { readonly open: boolean; readonly onClose: () => void }) {
  const { preferences } = useParts();
  const { terminal } = usePreferences();
  const set = (change: Partial<TerminalLook>): void => preferences.set({ terminal: { ...terminal, ...change } });
  const flag = (name: "copyOnSelect" | "graphics" | "screenReader" | "clipboard") => ({
    checked: terminal[name],
    onChange: (on: boolean) => set({ [name]: on }),
  });
  return (
    <Dialog
      open={open}
      onClose={onClose}
      title="How terminals look"
      detail="In this browser"
      footer={<Button onClick={onClose}>Done</Button>}
    >
      <div className="flex flex-col gap-4">
        <div className="grid grid-cols-2 gap-3">
          <Field label="Colours">
            {(ties) => (
              <Select {...ties} value={terminal.theme} options={themeOptions} onChange={(theme) => set({ theme })} />
            )}
          </Field>
          <Field label="Letters">
            {(ties) => (
              <Select
                {...ties}
                value={String(terminal.fontPx)}
                options={fontOptions}
                onChange={(size) => set({ fontPx: Number(size) })}
              />
            )}
          </Field>
        </div>
        <Switch label="Copy what is selected" {...flag("copyOnSelect")} />
        <Switch
          label="Programs may put text on the clipboard"
          help="As tmux and editors do over OSC 52. None can read it."
          {...flag("clipboard")}
        />
        <Switch label="Draw with the graphics card" help="Where there is one." {...flag("graphics")} />
        <Switch label="Lines for screen readers" {...flag("screenReader")} />
      </div>
    </Dialog>
  );
}
