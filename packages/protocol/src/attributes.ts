// Search attributes: what a workflow declares of its runs so that they are found by it, and the text of filters over them.
// Grammar of a filter, one condition or several with commas between:
//   condition = name operator value · operator = "=" | "!=" | "<" | "<=" | ">" | ">=" | "~" · value = text | JSON string

/** What a declared attribute holds. `text` is found by a part of it, `keyword` as a whole, `time` is milliseconds since 1970. */
export const attributeTypes = ["text", "keyword", "number", "boolean", "time"] as const;
export type AttributeType = (typeof attributeTypes)[number];

export type AttributeOperator = "=" | "!=" | "<" | "<=" | ">" | ">=" | "~";

/** One attribute of a run; null takes it away. */
export interface AttributeSetting {
  readonly name: string;
  readonly type: AttributeType;
  readonly value: string | number | boolean | null;
}

/** One attribute as a run has it. */
export interface RunAttribute extends AttributeSetting {
  readonly value: string | number | boolean;
}

/** A condition as it is written; what the value means depends on the attribute's type. */
export interface AttributeCondition {
  readonly name: string;
  readonly operator: AttributeOperator;
  readonly value: string;
}

/** Attributes a workflow may declare. */
export const attributesMax = 32;
/** Characters of a keyword, and of a text. */
const keywordCharsMax = 512;
const textCharsMax = 4_096;

const namePattern = /^[A-Za-z][A-Za-z0-9_-]{0,63}$/;
const conditionPattern = /^([A-Za-z][A-Za-z0-9_-]{0,63})(!=|<=|>=|=|<|>|~)([^]*)$/;
const operatorsOf: Readonly<Record<AttributeType, readonly AttributeOperator[]>> = {
  text: ["=", "!=", "~"],
  keyword: ["=", "!=", "<", "<=", ">", ">="],
  number: ["=", "!=", "<", "<=", ">", ">="],
  boolean: ["=", "!="],
  time: ["=", "!=", "<", "<=", ">", ">="],
};

/** True for what an attribute may be called: a letter, then letters, digits, `-` and `_`, at most 64. */
export function isAttributeName(name: string): boolean {
  return namePattern.test(name);
}

/** The value as it is stored; undefined where it does not fit the type. A time may be a Date, or ISO 8601. */
export function attributeValue(type: AttributeType, value: unknown): RunAttribute["value"] | undefined {
  switch (type) {
    case "boolean":
      return typeof value === "boolean" ? value : undefined;
    case "number":
      return typeof value === "number" && Number.isFinite(value) ? value : undefined;
    case "time":
      return timeOf(value);
    default: {
      const max = type === "text" ? textCharsMax : keywordCharsMax;
      return typeof value === "string" && value.length <= max && value.isWellFormed() && !value.includes("\0")
        ? value
        : undefined;
    }
  }
}

function timeOf(value: unknown): number | undefined {
  const ms = value instanceof Date ? value.getTime() : typeof value === "string" ? isoTime(value) : value;
  return typeof ms === "number" && Number.isSafeInteger(ms) ? ms : undefined;
}

function isoTime(text: string): number {
  return /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : Number.NaN;
}

/** What a text in a filter stands for; undefined where it is no value of the type, or the type has no such operator. */
export function conditionValue(
  type: AttributeType,
  { operator, value }: AttributeCondition,
): RunAttribute["value"] | undefined {
  if (!operatorsOf[type].includes(operator)) return undefined;
  if (type === "boolean") return value === "true" ? true : value === "false" ? false : undefined;
  if (type === "number") return value.trim() === "" ? undefined : attributeValue("number", Number(value));
  if (type === "time") return attributeValue("time", /^-?\d{1,16}$/.test(value) ? Number(value) : value);
  return attributeValue(type, value);
}

/** One condition, such as `total>=100`; undefined for what is none. */
export function parseCondition(text: string): AttributeCondition | undefined {
  const [, name, operator, value] = conditionPattern.exec(text) ?? [];
  if (name === undefined || operator === undefined || value === undefined) return undefined;
  return { name, operator: operator as AttributeOperator, value: unquoted(value) };
}

function unquoted(value: string): string {
  if (!/^"[^]*"$/.test(value)) return value;
  try {
    const text: unknown = JSON.parse(value);
    return typeof text === "string" ? text : value;
  } catch {
    return value;
  }
}

/** The conditions in a list; commas inside of quotes are part of a value. */
export function splitConditions(list: string): readonly string[] {
  return Array.from(list.matchAll(/(?:"(?:[^"\\]|\\[^])*"|[^,])+/g), ([text]) => text.trim()).filter(
    (text) => text !== "",
  );
}
