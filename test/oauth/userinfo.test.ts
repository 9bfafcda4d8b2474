import { expect, test } from "vitest";
import { userinfoRequest } from "../../src/oauth/userinfo.ts";
import { secret } from "../../src/runtime/secret.ts";

test("the UserInfo request carries the access token in its header only (OIDC Core §5.3.1, RFC 6750 §2.1)", () => {
  expect(userinfoRequest("https://as.example/me", secret("at-1"))).toEqual({
    method: "GET",
    url: "https://as.example/me",
    headers: { accept: "application/json", authorization: "Bearer at-1" },
  });
});
