import { expect, test } from "vitest";
import { comeBack } from "../field/browser.ts";
import { startPageServer } from "../stage/page-server.ts";
import { openStage } from "../stage/stage.ts";

test("a return URL that is only like a registered one is refused, whatever the difference", async () => {
  const registered = "https://app.example:8443/back/Here?tenant=1";
  const stage = await openStage({ client: { settings: { return_urls: [registered] } } });
  const elsewhere = { provider: "sandbox", client_id: "b", client_secret: "s" };
  const other = "https://other.example/back";
  await stage.api("POST", "/v1/clients", { ...elsewhere, settings: { return_urls: [other] } });
  const similar = [
    "https://evil.example/back/Here?tenant=1",
    "https://app.example/back/Here?tenant=1",
    "https://app.example:443/back/Here?tenant=1",
    "https://app.example:8444/back/Here?tenant=1",
    "http://app.example:8443/back/Here?tenant=1",
    "https://app.example:8443/back/Here",
    "https://app.example:8443/back/Here/?tenant=1",
    "https://app.example:8443/back/here?tenant=1",
    "https://APP.example:8443/back/Here?tenant=1",
    "HTTPS://app.example:8443/back/Here?tenant=1",
    "https://app.example.:8443/back/Here?tenant=1",
    "https://app.example:8443.evil.example/back/Here?tenant=1",
    "https://app.example:8443@evil.example/back/Here?tenant=1",
    "https://user@app.example:8443/back/Here?tenant=1",
    "https://app.example.evil.example:8443/back/Here?tenant=1",
    "https://evil-app.example:8443/back/Here?tenant=1",
    "https://app.example:8443/back/Here?tenant=1#fragment",
    "https://app.example:8443/back/Here?tenant=1&next=https://evil.example",
    "https://app.example:8443/back/Here?tenant=2",
    "https://app.example:8443/back/../back/Here?tenant=1",
    "https://app.example:8443/back/%48ere?tenant=1",
    "https://app.example:8443//back/Here?tenant=1",
    "https://app.example:8443\\back\\Here?tenant=1",
    "//app.example:8443/back/Here?tenant=1",
    "javascript:alert(1)//https://app.example:8443/back/Here?tenant=1",
    "data:text/html,x",
    other,
    "",
  ];
  for (const return_url of similar) {
    const refused = await stage.api("POST", "/v1/connect-sessions", { client: stage.clientId, return_url });
    expect([return_url, refused.body]).toMatchObject([return_url, { status: 400, code: "invalid_request" }]);
  }
  const right = { client: stage.clientId, return_url: registered };
  expect((await stage.api("POST", "/v1/connect-sessions", right)).status).toBe(201);
});

test("nothing but the provider and the registered return URL is a place that a browser is sent to", async () => {
  const returnUrl = `${await startPageServer()}/back`;
  const stage = await openStage({ client: { settings: { return_urls: [returnUrl] } } });
  const evil = "https://evil.example/";
  const asked = { client: stage.clientId, return_url: returnUrl };
  const session = await stage.api("POST", "/v1/connect-sessions", asked);
  const left = await fetch(`${session.at("connect_url")}?return_url=${evil}&redirect_uri=${evil}&next=${evil}`, {
    redirect: "manual",
  });
  const departure = new URL(left.headers.get("location") ?? "");
  expect(departure.origin).toBe(stage.sandbox.url);
  expect(departure.href).not.toContain("evil");
  const cookie = left.headers.getSetCookie()[0]?.split(";")[0] ?? "";
  const state = departure.searchParams.get("state") ?? "";
  const parameters = { error: "access_denied", state, iss: stage.sandbox.url, return_url: evil, error_uri: evil };
  const back = new URL((await comeBack(stage, parameters, { cookie })).headers.get("location") ?? "");
  expect(back.origin + back.pathname).toBe(returnUrl);
  expect(back.href).not.toContain("evil");
});
