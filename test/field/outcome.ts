import { expect } from "vitest";
import type { AccessToken } from "../../src/refresh/access-token.ts";
import type { EngineStage } from "../stage/engine-stage.ts";
import type { SimulatedAuthorizationServer } from "../stage/simulated-authorization-server.ts";

/** The refresh tokens that came to the server, in order. */
export function sentTo({ requests }: SimulatedAuthorizationServer): string[] {
  return requests.map(({ refreshToken }) => refreshToken);
}

/** The different access tokens among these. */
export function distinct(tokens: readonly AccessToken[]): string[] {
  return [...new Set(tokens.map(({ accessToken }) => accessToken.reveal()))];
}

type Scene = Pick<EngineStage, "held" | "tokensOf" | "server">;

/** Nothing is wrong with the connection, and the server would take the refresh token that is stored. */
export async function expectHealthy(stage: Scene, id: string): Promise<void> {
  const { connection, lease } = await stage.held(id);
  expect(connection).toMatchObject({ status: "active", diagnosis: null });
  expect(lease).toMatchObject({ failures: 0, cause: null, backoffUntil: 0, unanswered: 0 });
  const { refreshToken = "" } = await stage.tokensOf(id);
  expect([refreshToken, stage.server.accepts(refreshToken)]).toEqual([refreshToken, true]);
}

/** Every refresh token came once, and none after it had been used. */
export function expectNoReuse(server: SimulatedAuthorizationServer): void {
  const sent = sentTo(server);
  expect(sent.filter((token, index) => sent.indexOf(token) !== index)).toEqual([]);
  expect(server.reuses()).toBe(0);
}
