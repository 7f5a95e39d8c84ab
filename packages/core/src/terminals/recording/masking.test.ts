import { expect, test } from "bun:test";
import fc from "fast-check";
import { MaskedStream, secretsIn } from "./masking.ts";

test("values are starred wherever the text is cut, and nothing else is lost", () => {
  const secrets = ["hunter22", "hunter22-longer", "aaaaaaab"];
  const part = fc.constantFrom("hunter22", "hunter22-longer", "hunt", "er22", "aaaa", "aaab", "x", "\n", "日本");
  fc.assert(
    fc.property(fc.array(part), fc.array(fc.nat(40)), (parts, cuts) => {
      const whole = parts.join("");
      const stream = new MaskedStream(secrets);
      let shown = "";
      let from = 0;
      for (const cut of cuts) {
        shown += stream.push(whole.slice(from, from + cut));
        from += cut;
      }
      shown += stream.push(whole.slice(from)) + stream.end();
      expect(shown).toHaveLength(whole.length);
      for (const secret of secrets) expect(shown).not.toContain(secret);
      for (const [index, sign] of Array.from(shown, (each) => each).entries())
        if (sign !== "*") expect(Array.from(whole)[index]).toBe(sign);
    }),
  );
});

test("secrets of an environment are known by their names", () => {
  expect(
    secretsIn({ API_TOKEN: "t", DB_PASSWORD: "p", PATH: "/bin", AWS_SECRET_ACCESS_KEY: "k", NONE: undefined }),
  ).toEqual(["t", "p", "k"]);
});
