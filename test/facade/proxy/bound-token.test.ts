import { expect, test } from "vitest";
import { askAt } from "./proxy-stage.ts";
import { openStage } from "../../stage/stage.ts";

test("a token that is bound to a key is presented with proofs, and with the nonce that the API wants", async () => {
  const stage = await openStage({ client: { dpop: true } });
  const { sandbox, api, clientId } = stage;
  const proxy_hosts = [sandbox.url];
  const client = await api("PATCH", `/v1/clients/${clientId}`, { settings: { proxy_hosts } });
  const clientSecret = "sandbox-client-secret-canary-1";
  const redirectUris = [client.at("redirect_uri")];
  await sandbox.control.putClient({ clientId: "evergrant", clientSecret, redirectUris, dpop: "nonce" });
  const { connectionId } = await stage.connect();
  expect((await stage.token(connectionId)).at("token_type")).toBe("DPoP");
  const files = `/proxy/${connectionId}/${new URL(sandbox.url).host}/api/files?page_size=2`;

  for (const nonce of ["first", "second"]) {
    sandbox.control.change({ apiNonce: nonce });
    const answer = await askAt(stage, files, { headers: { "evergrant-key": stage.adminKey, dpop: "of-the-caller" } });
    expect(answer.status).toBe(200);
    expect(answer.headers["dpop-nonce"]).toBeUndefined();
    expect((await askAt(stage, files)).status).toBe(200);
  }
  expect(sandbox.control.counts().refreshRequests).toBe(0);
  expect(stage.log.join("")).not.toContain("access_token.rejected");
});
