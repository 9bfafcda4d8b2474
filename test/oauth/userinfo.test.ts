import { expect, test } from "vitest";
import { userinfoRequest } from "../../src/oauth/userinfo.ts";
import { secret } from "../../src/runtime/secret.ts";

test("the UserInfo request carries the access token in its header only (OIDC Core §5.3.1, RFC 6750 §2.1)", () => {
  expect(userinfoRequest("https://as.example/me", { accessToken: secret("at-1"), tokenType: "bearer" })).toEqual({
    method: "GET",
    url: "https://as.example/me",
    headers: { accept: "application/json", authorization: "Bearer at-1" },
  });
});

test("a token that is bound to a key is presented as one (RFC 9449 §7.1)", () => {
  const { headers } = userinfoRequest("https://as.example/me", { accessToken: secret("at-1"), tokenType: "dpop" });
  expect(headers["authorization"]).toBe("DPoP at-1");
});
