// References to secrets: what a program writes in place of a value. Values are looked up in the worker, when they are used.
import { secretNamePattern, secretOrigins, SluiceError } from "@sluice/protocol";
import type { SecretOrigin, SecretRef } from "@sluice/protocol";

const brand: unique symbol = Symbol.for("sluice.secret") as never;

/** What `secret()` makes; it stands wherever a value may come from a secret. */
export interface Secret extends SecretRef {
  readonly [brand]: true;
}

/**
 * Refers to a secret of the encrypted store, or with `from` to an environment variable or a file of the worker. Throws
 * `invalid_name` for a name that could not be one.
 */
export function secret(name: string, options: { readonly from?: SecretOrigin } = {}): Secret {
  const from = options.from ?? "store";
  const wrong = from === "store" ? !secretNamePattern.test(name) : typeof name !== "string" || name === "";
  if (wrong || !secretOrigins.includes(from)) {
    throw new SluiceError({
      code: "invalid_name",
      message: `There can be no secret ${JSON.stringify(name)} from ${JSON.stringify(from)}.`,
      hint: 'secret("name") is one of the store; { from: "env" } takes a variable, { from: "file" } the path of a file.',
    });
  }
  // Not enumerable: wherever it is shown or stored, it is a plain reference.
  return Object.defineProperty({ from, name }, brand, { value: true }) as unknown as Secret;
}

/** True for what `secret()` makes, also when it comes from another copy of this module. */
export function isSecret(value: unknown): value is Secret {
  return typeof value === "object" && value !== null && brand in value;
}
