// The bearer token: given by the environment, or made once and kept in the data folder, where the command line finds it.
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { SluiceError } from "@sluice/protocol";

/** Path of the token inside a data folder. */
export const tokenFile = "keys/token";
const charactersMin = 16;

/** The token to ask for. Throws `invalid_config` for one that is easily guessed. */
export function settleToken(p: {
  readonly data: string;
  readonly given: string | undefined;
  readonly secret: (bytes: number) => string;
}): string {
  if (p.given !== undefined && p.given !== "") {
    if (p.given.length >= charactersMin) return p.given;
    throw new SluiceError({
      code: "invalid_config",
      message: `SLUICE_TOKEN has ${p.given.length} characters; at least ${charactersMin} are needed.`,
      hint: "Leave it out and a token is made for you.",
    });
  }
  const path = join(p.data, tokenFile);
  if (existsSync(path)) return readFileSync(path, "utf8").trim();
  const folder = join(p.data, "keys");
  if (mkdirSync(folder, { recursive: true, mode: 0o700 }) !== undefined) chmodSync(folder, 0o700);
  const token = `st_${p.secret(24)}`;
  writeFileSync(path, `${token}\n`, { mode: 0o600 });
  return token;
}
