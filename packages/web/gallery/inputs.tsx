// Gallery: fields, choices, menus, dialogs.
import { Ellipsis } from "lucide-react";
import { useState } from "react";
import { IconButton, Button } from "../src/ui/button.tsx";
import { Card } from "../src/ui/card.tsx";
import { Combobox } from "../src/ui/combobox.tsx";
import { ConfirmDialog, Dialog, Drawer } from "../src/ui/dialog.tsx";
import { Checkbox, Field, Input, Switch, TextArea } from "../src/ui/field.tsx";
import { Keys } from "../src/ui/keys.tsx";
import { Menu } from "../src/ui/menu.tsx";
import { Select } from "../src/ui/select.tsx";

const sizes = ["small", "middle", "large"].map((value) => ({ value, label: value }));
type Opened = "none" | "dialog" | "confirm" | "drawer";

export function Inputs() {
  const [on, setOn] = useState(true);
  const [size, setSize] = useState("middle");
  const [opened, setOpened] = useState<Opened>("none");
  const close = () => setOpened("none");
  return (
    <Card title="Inputs">
      <div className="grid gap-5 md:grid-cols-3">
        <div className="flex flex-col gap-4">
          <Field label="Name" help="Letters and digits.">
            {(ties) => <Input {...ties} placeholder="charge-card" />}
          </Field>
          <Field label="Password" error="It is too short.">
            {(ties) => <Input {...ties} type="password" defaultValue="short" />}
          </Field>
        </div>
        <div className="flex flex-col gap-4">
          <Field label="Size">{(ties) => <Select {...ties} value={size} options={sizes} onChange={setSize} />}</Field>
          <Field label="Any size">
            {(ties) => <Combobox {...ties} value={size} options={sizes} onChange={setSize} free />}
          </Field>
          <Switch label="Live" help="As it happens." checked={on} onChange={setOn} />
          <Checkbox label="Only mine" checked={on} onChange={setOn} />
        </div>
        <div className="flex flex-col gap-4">
          <Field label="Input">{(ties) => <TextArea {...ties} defaultValue={'{\n  "amount": 12\n}'} />}</Field>
          <div className="flex flex-wrap items-center gap-2">
            <Button onClick={() => setOpened("dialog")}>Dialog</Button>
            <Button onClick={() => setOpened("confirm")}>Question</Button>
            <Button onClick={() => setOpened("drawer")}>Drawer</Button>
            <Menu
              heading="This run"
              groups={[
                [{ label: "Retry", keys: "r", run: () => {} }],
                [{ label: "Delete", danger: true, run: () => {} }],
              ]}
            >
              <IconButton icon={Ellipsis} label="More" />
            </Menu>
            <Keys keys="mod+k" />
          </div>
        </div>
      </div>
      <Dialog
        open={opened === "dialog"}
        onClose={close}
        title="Fork run"
        detail="From step 3."
        footer={<Button>Fork</Button>}
      >
        <Field label="Input">{(ties) => <TextArea {...ties} />}</Field>
      </Dialog>
      <ConfirmDialog
        open={opened === "confirm"}
        onClose={close}
        title="Cancel 12 runs?"
        confirm="Cancel 12 runs"
        danger
        onConfirm={close}
      >
        Their undos run first. This cannot be taken back.
      </ConfirmDialog>
      <Drawer open={opened === "drawer"} onClose={close} title="Step charge">
        <p className="p-4">What the step did.</p>
      </Drawer>
    </Card>
  );
}
