import { expect, test } from "vitest";
import { openStage } from "../stage/stage.ts";

const EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange";

test("an API key is exchanged for the access token of a connection, with the life that is left", async () => {
  const stage = await openStage();
  const { connectionId } = await stage.connect();
  const { at } = await stage.token(connectionId);

  await stage.clock.advance(10_000);
  const answer = await exchange(stage.service.url, { subject_token: stage.adminKey, audience: connectionId });

  expect(answer.status).toBe(200);
  const lifeLeft = Math.floor((Date.parse(at("expires_at")) - stage.clock.now()) / 1000);
  expect(answer.body).toMatchObject({
    access_token: at("access_token"),
    token_type: "Bearer",
    issued_token_type: "urn:ietf:params:oauth:token-type:access_token",
    expires_in: lifeLeft,
  });
});

async function exchange(url: string, parameters: Record<string, string>) {
  const response = await fetch(`${url}/oauth/token`, {
    method: "POST",
    body: new URLSearchParams({ grant_type: EXCHANGE, ...parameters }),
  });
  const body: unknown = await response.json();
  return { status: response.status, headers: response.headers, body };
}
