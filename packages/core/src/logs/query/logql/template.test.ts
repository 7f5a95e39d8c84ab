import { describe, expect, test } from "bun:test";
import { compileTemplate } from "./template.ts";

const labels: Readonly<Record<string, string>> = { a: "Ada", path: "/x/y", n: "7" };
const world = { label: (name: string) => labels[name] ?? "", line: "the line", timeMs: 0 };

describe("a template", () => {
  test.each([
    ["{{.a}} at {{ .path }}{{.none}}!", "Ada at /x/y!"],
    ["{{ __line__ }}|{{ __timestamp__ }}", "the line|1970-01-01T00:00:00.000Z"],
    ["{{ .a | ToLower }}{{ ToUpper .a }}{{ .a | lower | upper }}", "adaADAADA"],
    ['{{ .none | default "-" }}{{ .a | default "-" }}', "-Ada"],
    ['{{ .path | replace "/" "." }} {{ Replace .path "/" "." 1 }} {{ Replace .path "/" "." -1 }}', ".x.y .x/y .x.y"],
    ["{{ trunc 2 .a }}{{ trunc -2 .a }}{{ substr 1 2 .a }}", "Addad"],
    ['{{ trimPrefix "/" .path }} {{ TrimSuffix .path "y" }} {{ trimAll "/y" .path }}', "x/y /x/ x"],
    ['{{ printf "%5s|%-5s|%03d%%" .a .a .n }}', "  Ada|Ada  |007%"],
    ['{{ printf "%s" (.a | lower) }}{{ print `b` "c" }}{{ title "a b" }}', "adabcA B"],
  ])("%s", (text, made) => {
    expect(compileTemplate(text)(world)).toBe(made);
  });

  test.each([
    ["{{ .a", "never closed"],
    ["{{ }}", "empty"],
    ["{{ sha1 .a }}", "the function sha1 is not known here; known are ToLower"],
    ["{{ if .a }}x{{ end }}", "the function if is not known"],
    ["{{ .a | .b }}", "a function is expected"],
    ["{{ (.a }}", "never closed"],
    ["{{ ToLower }}", "ToLower takes 1 values, not 0"],
    ["{{ .a ; }}", '";" is not known'],
    ["{{ .a .b }}", "b stands where nothing is expected"],
  ])("%s is refused", (text, words) => {
    expect(() => compileTemplate(text)).toThrow(words);
  });
});
