import { z } from "zod";
import { SECOND } from "../../runtime/clock.ts";
import { CommandFailure } from "../command-failure.ts";
import { parseJson } from "../service/parse-json.ts";
import { RowFault, type ImportRow, type ImportSource } from "./import-row.ts";
import { describe, nangoTokens } from "./nango.ts";
import { isRecord } from "./source-record.ts";
import type { InTime } from "./patience.ts";

const listSchema = z.object({
  connections: z.array(z.looseObject({ connection_id: z.string(), provider_config_key: z.string() })),
});
const connectionSchema = z.looseObject({ credentials: z.record(z.string(), z.unknown()) });

const DEADLINE = 60 * SECOND;

/**
 * The connections of a Nango instance, asked with its secret key. Its list has no tokens, and what it is asked one by one for it
 * first refreshes where the access token is about to end.
 */
export function nangoApi(url: string, key: string | undefined, inTime: InTime): ImportSource {
  if (key === undefined || key === "") throw unusable("NANGO_SECRET_KEY is not set.");
  const ask = <T>(path: string, query: Record<string, string>, shape: z.ZodType<T>): Promise<T> =>
    inTime(() => get(`${url.replace(/\/+$/, "")}${path}?${new URLSearchParams(query).toString()}`, key, shape));
  return {
    name: "nango",
    readingMayRefresh: true,
    rows: async function* () {
      const { connections } = await ask("/connection", {}, listSchema);
      for (const found of connections) yield rowOf(ask, found);
    },
  };
}

type Ask = <T>(path: string, query: Record<string, string>, shape: z.ZodType<T>) => Promise<T>;

function rowOf(ask: Ask, found: z.infer<typeof listSchema>["connections"][number]): ImportRow {
  const { connection_id: id, provider_config_key: config } = found;
  return {
    ...describe(id, config, found),
    tokens: async () => {
      const query = { provider_config_key: config, refresh_token: "true" };
      const { credentials } = await ask(`/connection/${encodeURIComponent(id)}`, query, connectionSchema);
      return nangoTokens(isRecord(credentials) ? credentials : {});
    },
  };
}

async function get<T>(url: string, key: string, shape: z.ZodType<T>): Promise<T> {
  const response = await fetch(url, {
    headers: { authorization: `Bearer ${key}`, accept: "application/json" },
    redirect: "manual",
    signal: AbortSignal.timeout(DEADLINE),
  }).catch(unreachable);
  const text = await response.text().catch(unreachable);
  if (response.status === 401 || response.status === 403) throw unusable("Nango refuses NANGO_SECRET_KEY.");
  if (response.status === 429 || response.status >= 500) throw later(response);
  // What it cannot refresh it does not hand out.
  if (!response.ok) throw new RowFault("malformed", `Nango does not hand it out (HTTP ${response.status}).`);
  const answer = shape.safeParse(parseJson(text));
  if (!answer.success) throw new RowFault("malformed", "Nango's answer is not one of those that are known here.");
  return answer.data;
}

function later({ status, headers }: Response): CommandFailure {
  const seconds = Number(headers.get("retry-after") ?? Number.NaN);
  const more = Number.isFinite(seconds) ? { retry_after: seconds } : {};
  return new CommandFailure({
    exit: "unavailable",
    code: "nango_unavailable",
    detail: `Nango answered HTTP ${status}.`,
    more,
  });
}

function unreachable(): never {
  throw new CommandFailure({ exit: "unavailable", code: "unreachable", detail: "Nango does not answer." });
}

function unusable(detail: string): CommandFailure {
  const next = "Set it to the secret key of the environment in Nango whose connections are to be imported.";
  return new CommandFailure({ exit: "unauthorized", code: "unauthorized", detail, next });
}
