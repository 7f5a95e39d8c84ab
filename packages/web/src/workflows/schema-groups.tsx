// The parts of a form that hold others: objects, lists, and one of several shapes.
import { ArrowDown, ArrowUp, Plus, Trash2 } from "lucide-react";
import { useId, useState } from "react";
import type { ComponentType, ReactNode } from "react";
import { Button, IconButton } from "../ui/button.tsx";
import { cx } from "../ui/cx.ts";
import { Select } from "../ui/select.tsx";
import { Text } from "../ui/text.tsx";
import { visibleText } from "../ui/visible-text.ts";
import { isList, isObject, pointer, withName } from "./json-value.ts";
import type { Json } from "./json-value.ts";
import { formNode, startValue, variantOf } from "./schema-form.ts";
import type { FormNode } from "./schema-form.ts";
import { issuesAt, labelOf } from "./schema-props.ts";
import type { SchemaFieldProps } from "./schema-props.ts";

type GroupProps<Kind extends FormNode["kind"]> = SchemaFieldProps & {
  readonly node: Extract<FormNode, { kind: Kind }>;
  /** Shows one field inside: any kind, a group again too. */
  readonly field: ComponentType<SchemaFieldProps>;
};

interface GroupFrameProps extends SchemaFieldProps {
  readonly node: FormNode;
  readonly actions?: ReactNode;
  readonly children: ReactNode;
}

/** Title, help and error of a group around its fields. The whole input has no frame. */
function Group(props: GroupFrameProps) {
  const { node, path, actions, children } = props;
  const id = useId();
  const error = issuesAt(props);
  const wrong = error !== undefined && (
    <p role="alert" className="text-xs text-bad">
      {error}
    </p>
  );
  if (path === "" || props.bare === true) {
    return (
      <div className={cx("flex flex-col", path === "" ? "gap-4" : "gap-3")}>
        {path === "" && wrong}
        {actions}
        {children}
      </div>
    );
  }
  return (
    <div role="group" aria-labelledby={id} data-path={path} className="flex flex-col gap-2">
      <div className="flex min-h-6 items-center gap-2">
        <span id={id} className="text-xs font-medium text-ink-soft">
          {labelOf(props)}
        </span>
        <div className="ml-auto flex items-center gap-1">{actions}</div>
      </div>
      {node.description !== undefined && (
        <p className="-mt-1 text-xs text-ink-faint">
          <Text>{node.description}</Text>
        </p>
      )}
      {wrong}
      <div className={cx("flex flex-col gap-3 border-l-2 border-line pl-3 empty:hidden")}>{children}</div>
    </div>
  );
}

export function ObjectFields(props: GroupProps<"object">) {
  const { node, schema, root, path, required, value, onChange, issues, field: SchemaField } = props;
  const top = path === "";
  if (!isObject(value) && !top && !required) {
    return (
      <Group
        {...props}
        actions={
          <Button size="sm" tone="quiet" icon={Plus} onClick={() => onChange(startValue(schema, root) ?? {})}>
            Add
          </Button>
        }
      >
        {null}
      </Group>
    );
  }
  const object = isObject(value) ? value : {};
  const known: ReadonlySet<string> = new Set(node.fields.map(({ name }) => name));
  const others = Object.keys(object).filter((name) => !known.has(name));
  return (
    <Group
      {...props}
      actions={
        !top &&
        !required && (
          <IconButton
            icon={Trash2}
            size="sm"
            label={`Leave out ${visibleText(props.label)}`}
            onClick={() => onChange(undefined)}
          />
        )
      }
    >
      {shownFields(props).map((field) => (
        <SchemaField
          key={field.name}
          schema={field.schema}
          root={root}
          path={pointer(path, field.name)}
          label={field.name}
          required={field.required}
          value={Object.hasOwn(object, field.name) ? object[field.name] : undefined}
          onChange={(next) => onChange(withName(object, field.name, next))}
          issues={issues}
        />
      ))}
      {node.fields.length === 0 && top && <p className="text-sm text-ink-soft">This workflow takes nothing.</p>}
      {others.length > 0 && (
        <p className="text-xs text-ink-faint">
          Also in the JSON: <Text>{others.join(", ")}</Text>
        </p>
      )}
    </Group>
  );
}

/** What tells a variant from the others is chosen above its fields already. */
function shownFields({ node, root, bare }: GroupProps<"object">) {
  return bare === true ? node.fields.filter(({ schema }) => formNode(schema, root).kind !== "fixed") : node.fields;
}

export function ListFields(props: GroupProps<"list">) {
  const { node, root, path, required, value, onChange, issues, field: SchemaField } = props;
  const items = isList(value) ? value : [];
  const set = (next: readonly Json[]) => onChange(next.length === 0 && !required ? undefined : next);
  const swap = (a: number, b: number) => {
    const moved = [...items];
    [moved[a], moved[b]] = [items[b] as Json, items[a] as Json];
    set(moved);
  };
  return (
    <Group
      {...props}
      actions={
        <Button
          size="sm"
          tone="quiet"
          icon={Plus}
          disabled={items.length >= node.max}
          aria-label={`Add to ${visibleText(node.title ?? props.label)}`}
          onClick={() => set([...items, startValue(node.items, root) ?? null])}
        >
          Add
        </Button>
      }
    >
      {items.map((item, index) => (
        // Entries have no name but their place.
        <div key={index} className="flex items-start gap-1">
          <div className="min-w-0 grow">
            <SchemaField
              schema={node.items}
              root={root}
              path={pointer(path, index)}
              label={`${index + 1}`}
              required
              value={item ?? undefined}
              onChange={(next) => set(items.map((each, at) => (at === index ? (next ?? null) : each)))}
              issues={issues}
            />
          </div>
          <div className="flex">
            {index > 0 && (
              <IconButton
                icon={ArrowUp}
                size="sm"
                label={`Move ${index + 1} up`}
                onClick={() => swap(index, index - 1)}
              />
            )}
            {index === 0 && items.length > 1 && (
              <IconButton icon={ArrowDown} size="sm" label="Move 1 down" onClick={() => swap(0, 1)} />
            )}
            <IconButton
              icon={Trash2}
              size="sm"
              label={`Take out ${index + 1}`}
              onClick={() => set(items.filter((_, at) => at !== index))}
            />
          </div>
        </div>
      ))}
    </Group>
  );
}

const none = "none";

export function VariantFields(props: GroupProps<"variants">) {
  const { node, root, path, required, value, onChange, field: SchemaField } = props;
  const [chosen, setChosen] = useState<number>();
  const optional = !required || node.nullable;
  const current =
    (value === undefined || value === null) && optional
      ? -1
      : variantOf({ variants: node.variants, value, root, chosen });
  const options = [
    ...(optional ? [{ value: none, label: "Not set" }] : []),
    ...node.variants.map(({ label }, index) => ({ value: String(index), label: visibleText(label) })),
  ];
  const choose = (next: string) => {
    const index = next === none ? undefined : Number(next);
    setChosen(index);
    if (index === undefined) onChange(required ? null : undefined);
    else onChange(startValue(node.variants[index]?.schema, root) ?? null);
  };
  const variant = node.variants[current];
  return (
    <Group
      {...props}
      actions={
        <Select
          label={`Kind of ${visibleText(node.title ?? props.label)}`}
          value={current === -1 ? none : String(current)}
          options={options}
          onChange={choose}
        />
      }
    >
      {variant !== undefined && (
        <SchemaField
          key={current}
          {...props}
          bare
          schema={variant.schema}
          path={path}
          label={variant.label}
          required
          value={value}
        />
      )}
    </Group>
  );
}
