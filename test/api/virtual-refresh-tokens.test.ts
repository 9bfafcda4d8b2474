import { describe, expect, test } from "vitest";
import { DAY, SECOND } from "../../src/runtime/clock.ts";
import { createApi } from "../stage/api.ts";
import { openStage, type Stage } from "../stage/stage.ts";

const PATH = "/v1/virtual-refresh-tokens";

const make = ({ api }: Pick<Stage, "api">, connection: string, more: Record<string, unknown> = {}) =>
  api("POST", PATH, { connection, ...more });

describe("virtual refresh tokens", () => {
  test("are shown once, listed by page and connection without their secret, and revoked once", async () => {
    const stage = await openStage();
    const [one, two] = [await stage.connect("alice"), await stage.connect("bob")];
    const end = new Date(stage.clock.now() + DAY).toISOString();
    const made = await make(stage, one.connectionId, { name: " airbyte ", expires_at: end });
    expect([made.status, made.headers.get("cache-control")]).toEqual([201, "no-store"]);
    expect(made.body).toEqual({
      id: expect.stringMatching(/^vrt_/),
      refresh_token: expect.stringMatching(/^eg_vrt_/),
      connection: one.connectionId,
      expires_at: end,
    });
    const createdAt = new Date(stage.clock.now()).toISOString();
    // Ids sort by age.
    await stage.clock.advance(SECOND);
    const second = await make(stage, two.connectionId);
    const first = await stage.api("GET", `${PATH}?limit=1`);
    expect(first.body).toEqual({
      virtual_refresh_tokens: [
        {
          id: made.at("id"),
          connection: one.connectionId,
          name: "airbyte",
          created_by: `key_${stage.adminKey.split("_")[2]}`,
          created_at: createdAt,
          expires_at: end,
          revoked_at: null,
          last_used_at: null,
          last_used_from: null,
        },
      ],
      next_after: made.at("id"),
    });
    const rest = await stage.api("GET", `${PATH}?limit=1&after=${made.at("id")}`);
    expect(rest.body).toMatchObject({ virtual_refresh_tokens: [{ id: second.at("id") }], next_after: null });
    const ofTwo = await stage.api("GET", `${PATH}?connection=${two.connectionId}`);
    expect(ofTwo.body).toMatchObject({ virtual_refresh_tokens: [{ id: second.at("id"), name: null }] });
    expect((await stage.api("DELETE", `${PATH}/${made.at("id")}`)).status).toBe(204);
    expect((await stage.api("DELETE", `${PATH}/${made.at("id")}`)).status).toBe(404);
    const revokedAt = new Date(stage.clock.now()).toISOString();
    const after = await stage.api("GET", `${PATH}?connection=${one.connectionId}`);
    expect(after.body).toMatchObject({ virtual_refresh_tokens: [{ id: made.at("id"), revoked_at: revokedAt }] });
  });

  test("are made by who may make API keys, for a connection that gives tokens, 100 at most", async () => {
    const stage = await openStage();
    const { connectionId } = await stage.connect();
    const key = await stage.api("POST", "/v1/api-keys", { name: "r", scopes: ["token:read", "connections:write"] });
    const reader = { api: createApi(stage.service.url, key.at("key")) };
    expect((await make(reader, connectionId)).body).toMatchObject({
      status: 403,
      detail: expect.stringContaining("keys:write"),
    });
    expect((await make(stage, `con_${"0".repeat(26)}`)).body).toMatchObject({ status: 404, code: "not_found" });
    const past = new Date(stage.clock.now()).toISOString();
    for (const wrong of [{ expires_at: past }, { name: "" }, { name: 1 }, { odd: 1 }]) {
      const answer = await make(stage, connectionId, wrong);
      expect([wrong, answer.body]).toMatchObject([wrong, { status: 400, code: "invalid_request" }]);
    }
    for (const query of ["limit=0", "limit=201", "odd=1"]) {
      expect([query, (await stage.api("GET", `${PATH}?${query}`)).status]).toEqual([query, 400]);
    }
    const all = await Promise.all(Array.from({ length: 100 }, () => make(stage, connectionId)));
    expect(all.filter(({ status }) => status === 201)).toHaveLength(100);
    const beyond = await make(stage, connectionId);
    expect(beyond.body).toMatchObject({ code: "limit_reached", detail: expect.stringContaining("100") });
    await stage.api("DELETE", `${PATH}/${all[0]?.at("id") ?? ""}`);
    expect((await make(stage, connectionId)).status).toBe(201);
    await stage.api("DELETE", `/v1/connections/${connectionId}`);
    expect((await make(stage, connectionId)).body).toMatchObject({ status: 409, code: "connection_disconnected" });
    expect((await stage.api("GET", `${PATH}?limit=200`)).text).not.toContain('"revoked_at":null');
  });
});
