import { describe, expect, test } from "vitest";
import { GRACE } from "../../src/client/client-secret.ts";
import { DAY, HOUR, MINUTE } from "../../src/runtime/clock.ts";
import { openStage, type Stage } from "../stage/stage.ts";

const NEXT = "the-next-client-secret";

function secretsPath({ clientId }: Stage): string {
  return `/v1/clients/${clientId}/secrets`;
}

/** In alphabetical order: time stands still, so that no secret is newer than another. */
async function statesOf(stage: Stage): Promise<string[]> {
  const { body } = await stage.api("GET", secretsPath(stage));
  const secrets: { state: string; is_erased: boolean }[] = Reflect.get(body ?? {}, "secrets");
  return secrets.map(({ state, is_erased: isErased }) => (isErased ? "erased" : state)).toSorted();
}

describe("clients", () => {
  test("are listed page by page, and by provider", async () => {
    const stage = await openStage();
    for (const id of ["a", "b"]) {
      await stage.clock.advance(1);
      await stage.api("POST", "/v1/clients", { provider: "google", client_id: id, client_secret: "s" });
    }
    const first = await stage.api("GET", "/v1/clients?limit=2");
    expect(first.body).toMatchObject({ clients: [{ id: stage.clientId }, { client_id: "a" }] });
    const rest = await stage.api("GET", `/v1/clients?limit=2&after=${first.at("next_after")}`);
    expect(rest.body).toMatchObject({ clients: [{ client_id: "b" }], next_after: null });
    const google = await stage.api("GET", "/v1/clients?provider=google");
    expect(google.body).toMatchObject({ clients: [{ client_id: "a" }, { client_id: "b" }] });
  });

  test("change in what is named, and never in what their tokens depend on", async () => {
    const stage = await openStage({ client: { settings: { prove: true } } });
    const path = `/v1/clients/${stage.clientId}`;
    const changed = await stage.api("PATCH", path, { scopes: ["a"], settings: { testing: true } });
    expect(changed.body).toMatchObject({ scopes: ["a"], settings: { prove: true, testing: true } });
    const refused = [
      { client_id: "another" },
      { provider: "google" },
      { settings: { provider_parameters: { tenant: "x" } } },
    ];
    for (const body of refused) {
      const answer = await stage.api("PATCH", path, body);
      expect(answer.body).toMatchObject({ status: 400, code: "invalid_request" });
      expect(answer.at("detail")).toContain("cannot change");
    }
    expect((await stage.api("GET", path)).body).toEqual(changed.body);
  });

  test("are deleted when nothing lives by them, and their secrets with them", async () => {
    const stage = await openStage();
    const { connectionId } = await stage.connect();
    const path = `/v1/clients/${stage.clientId}`;
    const refused = await stage.api("DELETE", path);
    expect(refused.body).toMatchObject({ status: 409, code: "conflict" });
    expect(refused.at("detail")).toContain("1 connection");
    expect((await stage.token(connectionId)).status).toBe(200);
    await stage.api("DELETE", `/v1/connections/${connectionId}`);
    expect((await stage.api("DELETE", path)).status).toBe(204);
    for (const gone of [path, `${path}/secrets`]) expect((await stage.api("GET", gone)).status).toBe(404);
    expect((await stage.api("POST", "/v1/connect-sessions", { client: stage.clientId })).status).toBe(404);
    expect((await stage.api("GET", `/v1/connections/${connectionId}`)).body).toMatchObject({ status: "disconnected" });
  });
});

describe("a new secret", () => {
  test("is staged, proven by refreshes, promoted by a call, and the old one erased a day later", async () => {
    const stage = await openStage();
    const { control } = stage.sandbox;
    const { connectionId } = await stage.connect();
    await control.addClientSecret("evergrant", NEXT);
    const added = await stage.api("POST", secretsPath(stage), { client_secret: NEXT });
    const key = added.at("created_by");
    expect(added.body).toMatchObject({ state: "staged", proven_count: 0, promotes_itself: false });
    const promote = `${secretsPath(stage)}/${added.at("id")}/promote`;
    const early = await stage.api("POST", promote);
    expect(early.body).toMatchObject({ status: 409, code: "conflict" });
    expect(early.at("detail")).toContain("0 of 3");
    for (let refresh = 0; refresh < 3; refresh++) {
      expect((await stage.api("POST", `/v1/connections/${connectionId}/refresh`)).status).toBe(200);
    }
    const { body } = await stage.api("GET", `/v1/clients/${stage.clientId}`);
    expect(body).toMatchObject({ warnings: [{ code: "secret_proven", secret: added.at("id") }] });
    expect((await stage.api("POST", promote)).body).toMatchObject({ state: "active", promoted_by: key });
    await control.rotateClientSecret("evergrant", NEXT);
    expect((await stage.api("POST", `/v1/connections/${connectionId}/refresh`)).status).toBe(200);
    expect(await statesOf(stage)).toEqual(["active", "retired"]);
    await stage.clock.leap(GRACE);
    await stage.clock.advance(MINUTE);
    await expect.poll(() => statesOf(stage)).toEqual(["active", "erased"]);
  });

  test("is one of two at most, and a third is told what to do", async () => {
    const stage = await openStage();
    const first = await stage.api("POST", secretsPath(stage), { client_secret: NEXT });
    const third = await stage.api("POST", secretsPath(stage), { client_secret: "one more" });
    expect(third.body).toMatchObject({ status: 409, code: "conflict" });
    expect(third.at("detail")).toContain(`${first.at("id")} (staged)`);
    const path = `${secretsPath(stage)}/${first.at("id")}`;
    expect((await stage.api("DELETE", path)).status).toBe(204);
    expect((await stage.api("DELETE", path)).status).toBe(404);
    expect((await stage.api("POST", secretsPath(stage), { client_secret: "one more" })).status).toBe(201);
    const [, active = ""] = /"id":"(sec_\w+)","state":"active"/.exec(
      (await stage.api("GET", secretsPath(stage))).text,
    ) ?? [""];
    expect((await stage.api("DELETE", `${secretsPath(stage)}/${active}`)).body).toMatchObject({ status: 409 });
  });

  test("after a leak is active at once, and nothing uses the old one, however wrong it is", async () => {
    const stage = await openStage();
    const { connectionId } = await stage.connect();
    const body = { client_secret: "mistyped", stage: "active", retire: "now" };
    expect((await stage.api("POST", secretsPath(stage), body)).body).toMatchObject({ state: "active" });
    expect(await statesOf(stage)).toEqual(["active", "erased"]);
    const refused = await stage.api("POST", `/v1/connections/${connectionId}/refresh`);
    expect(refused.body).toMatchObject({ status: "suspended" });
    await stage.sandbox.control.rotateClientSecret("evergrant", NEXT);
    const right = await stage.api("POST", secretsPath(stage), { client_secret: NEXT });
    expect(right.body).toMatchObject({ state: "active" });
    expect((await stage.api("POST", `/v1/connections/${connectionId}/refresh`)).body).toMatchObject({ generation: 2 });
  });

  test.each([
    [{ client_secret: "s", retire: "now" }, "retire"],
    [{ client_secret: "s", stage: "active", promote: "when_proven" }, "promote"],
    [{ client_secret: "s", expires_at: "2001-01-01T00:00:00Z" }, "expires_at"],
    [{ client_secret: "" }, "client_secret"],
    [{}, "client_secret"],
  ])("that makes no sense is refused: %j", async (body, field) => {
    const stage = await openStage();
    const answer = await stage.api("POST", secretsPath(stage), body);
    expect(answer.body).toMatchObject({ status: 400, code: "invalid_request" });
    expect(answer.at("detail")).toContain(field);
  });

  test("that ends is told of ahead", async () => {
    const stage = await openStage();
    const expiresAt = new Date(stage.clock.now() + 7 * DAY + HOUR).toISOString();
    const made = await stage.api("POST", "/v1/clients", {
      provider: "sandbox",
      client_id: "x",
      client_secret: "s",
      secret_expires_at: expiresAt,
    });
    expect(made.body).toMatchObject({ secret_expires_at: expiresAt, warnings: [{ code: "secret_expires" }] });
    const warned = () => stage.log.filter((line) => line.includes("client.secret_expiring"));
    await stage.clock.advance(MINUTE);
    await expect.poll(warned).toHaveLength(1);
    expect(warned()[0]).toContain('"days":30');
    await stage.clock.leap(DAY);
    await expect.poll(warned).toHaveLength(2);
    expect(warned()[1]).toContain('"days":7');
  });
});

test("a code is exchanged with the other secret where the provider refuses the active one", async () => {
  const stage = await openStage();
  await stage.api("POST", secretsPath(stage), { client_secret: NEXT });
  await stage.sandbox.control.rotateClientSecret("evergrant", NEXT);
  const { session } = await stage.connect();
  expect(session.body).toMatchObject({ status: "completed" });
  expect(await statesOf(stage)).toEqual(["active", "retired"]);
  expect(stage.log.filter((line) => line.includes("client.secret_switched"))).toHaveLength(1);
});
