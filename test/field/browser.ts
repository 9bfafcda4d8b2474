import { createScriptedUser } from "@evergrant/sandbox";
import type { Answer } from "../stage/api.ts";
import type { Stage } from "../stage/stage.ts";

/** A user goes the whole way of a connect session, whatever comes of it. */
export async function consent(stage: Stage, request: Record<string, unknown> = { client: stage.clientId }) {
  const started = await stage.api("POST", "/v1/connect-sessions", request);
  const page = await createScriptedUser({ user: "alice" }).visit(started.at("connect_url"));
  return { page, session: await stage.api("GET", `/v1/connect-sessions/${started.at("id")}`) };
}

/** A browser that was sent to the provider, and has not come back yet. */
export interface Departed {
  session: Answer;
  /** The parameters it was sent with. */
  authorization: URLSearchParams;
  state: string;
  cookie: string;
}

export async function depart(
  stage: Stage,
  request: Record<string, unknown> = { client: stage.clientId },
): Promise<Departed> {
  const session = await stage.api("POST", "/v1/connect-sessions", request);
  const left = await fetch(session.at("connect_url"), { redirect: "manual" });
  const authorization = new URL(left.headers.get("location") ?? "").searchParams;
  const cookie = left.headers.getSetCookie()[0]?.split(";")[0] ?? "";
  return { session, authorization, state: authorization.get("state") ?? "", cookie };
}

/** A browser comes to the callback of a client with these parameters. */
export function comeBack(
  stage: Stage,
  parameters: Record<string, string>,
  { cookie, clientId = stage.clientId }: { cookie: string; clientId?: string },
): Promise<Response> {
  const query = new URLSearchParams(parameters).toString();
  const url = `${stage.settings.publicUrl}/oauth/callback/${clientId}?${query}`;
  return fetch(url, { headers: { cookie }, redirect: "manual" });
}

/** The button behind a reauthorization link is pressed. Returns the parameters that the browser then goes to the provider with. */
export async function leaveBy(link: string): Promise<URLSearchParams> {
  const page = await (await fetch(link, { method: "POST", redirect: "manual" })).text();
  const onward = /http-equiv="refresh" content="0;url=([^"]*)"/.exec(page)?.[1] ?? "";
  const left = await fetch(onward, { redirect: "manual" });
  return new URL(left.headers.get("location") ?? "").searchParams;
}
