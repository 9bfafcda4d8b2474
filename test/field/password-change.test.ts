import { expect, test } from "vitest";
import { checkConnection } from "../../src/refresh/check.ts";
import { DAY, HOUR, MINUTE, SECOND } from "../../src/runtime/clock.ts";
import { builtInEntry } from "../stage/catalogue-entry.ts";
import { openEngineStage } from "../stage/engine-stage.ts";
import { answers } from "../stage/plays.ts";
import { openStage } from "../stage/stage.ts";
import { TENANT } from "../stage/world.ts";
import { consent, leaveBy } from "./browser.ts";
import { later } from "./later.ts";
import { entryFor, idTokenOf, startScriptedProvider, tokens } from "./scripted-provider.ts";

const REVOKED = answers(400, { error: "invalid_grant" });

// The provider takes back refresh tokens only.
test("access-token-outlives-password-change: reads go on with the token that lives, and a refresh tells what it is worth", async () => {
  const stage = await openEngineStage({ entry: builtInEntry("microsoft"), server: { rotation: false } });
  const id = await stage.connect();
  await stage.clock.leap(10 * MINUTE);
  stage.server.always(REVOKED);
  await expect(stage.read(id)).resolves.toMatchObject({ generation: 1, refreshState: "ok" });
  expect(stage.server.requests).toHaveLength(0);
  // This provider's entry names nothing to ask with the access token, so a check is a refresh.
  const checking = checkConnection(
    { ...stage.ports, refresher: stage.refresher },
    { tenantId: TENANT, connectionId: id },
  );
  const { connection, provenBy } = await stage.passing(5 * SECOND, checking);
  expect([connection.status, provenBy]).toEqual(["reauthorization_required", null]);

  // Where a check would be content with the access token, there is the refresh by hand.
  const other = await openEngineStage();
  const otherId = await other.connect();
  other.server.always(REVOKED);
  const asked = { tenantId: TENANT, connectionId: otherId };
  const content = await checkConnection({ ...other.ports, refresher: other.refresher }, asked);
  expect(content.provenBy).toBe("userinfo");
  await expect(other.refresh(otherId, { origin: "manual" })).resolves.toEqual({ kind: "ended" });
  await other.clock.leap(HOUR);
  await expect(other.read(otherId)).rejects.toMatchObject({ code: "reauthorization_required" });
});

const FRESH_TOKEN_NEEDED =
  '{"error":"invalid_grant","error_description":"AADSTS50173: The provided grant has expired due to it being revoked, a fresh auth token is needed. The user might have changed or reset their password. The grant was issued on \'2021-01-05T05:09:31.5970000Z\' and the TokensValidFrom date (before which tokens are not valid) for this user is \'2021-01-14T06:26:06.0000000Z\'.\\r\\nTrace ID: 0aaa7d90-73c6-46cc-9c9d-fc161b282000\\r\\nCorrelation ID: eb217b32-36ad-410b-9b1e-f71cd6947581\\r\\nTimestamp: 2021-01-31 05:56:19Z","error_codes":[50173],"timestamp":"2021-01-31 05:56:19Z","trace_id":"0aaa7d90-73c6-46cc-9c9d-fc161b282000","correlation_id":"eb217b32-36ad-410b-9b1e-f71cd6947581","error_uri":"https://login.microsoftonline.com/error?code=50173"}';

test("aadsts50173-password-reset: a password that was reset is told as that, is the user's to mend, and the link leads to the same account", async () => {
  const provider = await startScriptedProvider();
  // No second opinion: a refused refresh token counts as refused at once.
  const stage = await openStage({
    provider: () => ({ ...entryFor(provider, "microsoft"), replay: { class: "none" } }),
  });
  const account = { tid: "directory", oid: "user", email: "alice@example.com" };
  provider.token = () => ({ body: { ...tokens(1), id_token: idTokenOf(provider, account) } });
  const id = (await consent(stage)).session.at("connection_id");
  provider.token = () => ({ status: 400, body: FRESH_TOKEN_NEEDED });
  await later(stage, HOUR);
  const refused = await stage.token(id);
  expect(refused.body).toMatchObject({
    status: 409,
    code: "reauthorization_required",
    detail: expect.stringContaining("password was changed or reset"),
    cause: "password_changed",
    who_acts: "user",
    connection_id: id,
  });
  expect((await stage.api("GET", `/v1/connections/${id}`)).body).toMatchObject({
    account: { label: "alice@example.com" },
    diagnosis: { evidence: { code: "invalid_grant", subcode: "50173" } },
  });
  expect((await leaveBy(refused.at("reauthorization_url"))).get("login_hint")).toBe("alice@example.com");

  const asked = provider.tokenRequests.length;
  await later(stage, DAY);
  expect((await stage.token(id)).status).toBe(409);
  expect(provider.tokenRequests).toHaveLength(asked);
});
