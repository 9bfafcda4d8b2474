import { z } from "zod";
import { connectionSchema } from "../../api/connection-view.ts";
import { CommandFailure } from "../command-failure.ts";
import type { ServiceClient } from "../service/service-client.ts";
import type { ImportRow } from "./import-row.ts";
import type { Judgement, SoundRow } from "./judge-row.ts";
import type { InTime } from "./patience.ts";

const previewSchema = z.object({ connection: z.string().nullable() });

export interface Asking {
  service: ServiceClient;
  inTime: InTime;
}

/** Has the service adopt it. Repeating that is harmless: a refresh token is adopted once. */
export async function adopt(asking: Asking, row: ImportRow, sound: SoundRow, verify: boolean): Promise<Judgement> {
  const body = { ...bodyOf(row, sound), verify };
  const importing = { method: "POST", path: "/v1/connections/import", body } as const;
  const { status, data } = await asking.inTime(() => asking.service.answer(importing, connectionSchema));
  if (status === 200) return { verdict: "known", detail: "It was imported before.", connection: data.id };
  const unproven = verify && data.last_proven_at === null;
  const detail = unproven ? "The provider could not be asked just now; it will be." : "";
  return { verdict: "imported", detail, connection: data.id };
}

/** The connection that this very refresh token was imported as, or null. Nothing is written, and no provider is asked. */
export async function preview({ service, inTime }: Asking, { client, tokens }: SoundRow): Promise<string | null> {
  const body = { client, refresh_token: tokens.refreshToken.reveal() };
  const asked = { method: "POST", path: "/v1/connections/import/preview", body } as const;
  return (await inTime(() => service.ask(asked, previewSchema))).connection;
}

function bodyOf({ account, endUser, labels }: ImportRow, { client, tokens }: SoundRow) {
  const { accessToken, refreshToken, expiresAt, scope } = tokens;
  return {
    client,
    token_set: {
      access_token: accessToken?.reveal() ?? null,
      refresh_token: refreshToken.reveal(),
      ...(expiresAt !== null && { expires_at: new Date(expiresAt).toISOString() }),
      ...(scope !== null && { scope }),
    },
    ...(account && { account }),
    ...(endUser !== null && { end_user: endUser }),
    labels,
  };
}

/** What is wrong with this row only. A service that does not answer, or that does not let us in, ends the run. */
export function failed(error: unknown): Judgement {
  if (!(error instanceof CommandFailure)) throw error;
  const { exit, code, detail } = error.facts;
  if (exit === "unavailable" || exit === "unauthorized" || code === "unexpected_answer") throw error;
  return { verdict: code === "refresh_token_rejected" ? "refused" : "failed", detail, connection: null };
}
