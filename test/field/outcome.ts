import { expect } from "vitest";
import type { Diagnosis } from "../../src/connection/cause.ts";
import type { AccessToken } from "../../src/refresh/access-token.ts";
import { createLogger, createLogObserver, type LogLevel } from "../../src/telemetry/log.ts";
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

/** The lines that a log of this level has of what the engine reported. */
export function logged({ observer }: Pick<EngineStage, "observer">, level: LogLevel): string[] {
  const lines: string[] = [];
  const log = createLogObserver(createLogger(level, { write: (line: string) => void lines.push(line) }));
  for (const { name, fields } of observer.events) log.event(name, fields);
  return lines;
}

/** A person has to act; what the provider said, and what that means, is in the diagnosis. */
export async function expectEnded(
  stage: Pick<EngineStage, "held">,
  id: string,
  diagnosis: Partial<Diagnosis>,
): Promise<void> {
  const { connection } = await stage.held(id);
  expect(connection).toMatchObject({ status: "reauthorization_required", diagnosis });
}

/** Every refresh token came once, and none after it had been used. */
export function expectNoReuse(server: SimulatedAuthorizationServer): void {
  const times = new Map<string, number>();
  for (const token of sentTo(server)) times.set(token, (times.get(token) ?? 0) + 1);
  expect([...times].filter(([, count]) => count > 1)).toEqual([]);
  expect(server.reuses()).toBe(0);
}
