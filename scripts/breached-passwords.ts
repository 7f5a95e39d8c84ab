// Writes the list of breached passwords that identity refuses: the 10,000 commonest of at least 8 characters from the
// dictionary of @zxcvbn-ts/language-common (MIT), commonest first. Run it after updating that package.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import passwords from "@zxcvbn-ts/language-common/src/passwords.json";

const passwordsMax = 10_000;
/** The shortest password that a setting can allow; shorter ones need no list. */
const charactersMin = 8;
const target = "packages/core/src/identity/sign-in/breached-passwords.txt";

const root = join(import.meta.dir, "..");
const long = [...new Set(passwords.map((password) => password.toLowerCase()))].filter(
  (password) => password.length >= charactersMin && !password.includes("\n"),
);
const kept = long.slice(0, passwordsMax);
writeFileSync(join(root, target), `${kept.join("\n")}\n`);
console.log(`${target}: ${kept.length} of ${passwords.length} passwords`);
