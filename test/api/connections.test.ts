import { expect, it } from "vitest";
import { MINUTE } from "../../src/runtime/clock.ts";
import { openStage } from "../stage/stage.ts";

it("tells when the tokens of this generation were obtained, and not only when they end", async () => {
  const stage = await openStage();
  const { api, clock } = stage;
  const { connectionId } = await stage.connect();
  const path = `/v1/connections/${connectionId}`;
  const before = await api("GET", path);
  await clock.advance(5 * MINUTE);
  const after = await api("POST", `${path}/refresh`);
  expect(after.body).toMatchObject({ generation: 2, consented_at: before.at("consented_at") });
  expect(Date.parse(after.at("obtained_at")) - Date.parse(before.at("obtained_at"))).toBe(5 * MINUTE);
});
