import { describe, expect, test } from "bun:test";
import { maskedPath, maskedQuery } from "./secret-parameters.ts";

describe("the record of a request", () => {
  test.each([
    "token",
    "access_token",
    "accessToken",
    "hub.verify_token",
    "%74oken",
    "key",
    "api-key",
    "apikey",
    "secret",
    "client_secret",
    "clientsecret",
    "sig",
    "signature",
    "X-Amz-Signature",
    "password",
    "pwd",
    "code",
    "auth",
    "secret[]",
  ])("has no value of the parameter %s", (name) => {
    expect(maskedQuery(`a=1&${name}=s3cret&b=a%20b`)).toBe(`a=1&${name}=[hidden]&b=a%20b`);
  });

  test.each([
    "",
    "a=1&b=2",
    "token",
    "monkey=1",
    "state=open",
    "barcode=7",
    "event=push&page=2",
    "design=x",
    "tokens=3",
  ])("has all of %p", (query) => expect(maskedQuery(query)).toBe(query));

  test("has no secret that is a piece of the path", () => {
    expect(maskedPath({ path: "/in/:team/:token" }, "/in/red/s3cret")).toBe("/in/red/[hidden]");
    expect(maskedPath({ path: "/in/*" }, "/in/token/x")).toBe("/in/token/x");
  });
});
