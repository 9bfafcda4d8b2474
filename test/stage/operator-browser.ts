import { z } from "zod";
import { parseAllowedOperator } from "../../src/access/operator.ts";
import { secret } from "../../src/runtime/secret.ts";
import type { OperatorSignInSettings } from "../../src/service/operator-sign-in-settings.ts";
import { openStage, type Stage, type StageOptions } from "./stage.ts";
import { startScriptedIssuer, type ScriptedIssuer } from "./scripted-issuer.ts";

export const CLIENT_SECRET = "operatorsClientSecret";

/** The settings with which operators sign in at an issuer. */
export function signInAt(issuer: string, allowed: string): OperatorSignInSettings {
  return {
    issuer,
    clientId: "operators",
    clientSecret: { kind: "value", text: secret(CLIENT_SECRET) },
    allowed: allowed.split(",").flatMap((text) => parseAllowedOperator(text) ?? []),
  };
}

/** A service whose operators sign in at a scripted issuer. */
export async function openSignInStage(
  allowed = "alice@example.com",
  options: StageOptions = {},
): Promise<{ stage: Stage; issuer: ScriptedIssuer }> {
  const issuer = await startScriptedIssuer();
  const operatorSignIn = signInAt(issuer.origin, allowed);
  return { stage: await openStage({ ...options, settings: { operatorSignIn, ...options.settings } }), issuer };
}

export interface SentOut {
  /** As a `Cookie` header has it. */
  cookie: string;
  /** Where the issuer sent the browser back to. */
  callback: string;
}

/** A browser goes to the issuer, and is about to come back. */
export async function goOut({ service }: Stage): Promise<SentOut> {
  const left = await open(`${service.url}/operator/sign-in`);
  const [cookie = ""] = (left.headers.getSetCookie()[0] ?? "").split(";");
  const back = await open(left.headers.get("location") ?? "");
  return { cookie, callback: back.headers.get("location") ?? "" };
}

/** A browser with these cookies opens a page, and follows nothing. */
export function open(url: string, cookie = "", headers: Record<string, string> = {}): Promise<Response> {
  return fetch(url, { headers: { cookie, connection: "close", ...headers }, redirect: "manual" });
}

/** A browser that is signed in. */
export interface OperatorBrowser {
  cookie: string;
  /** As the dashboard learns it. */
  csrf: string;
  send(this: void, method: string, path: string, body?: object, headers?: Record<string, string>): Promise<Response>;
}

/** The whole way. */
export async function signIn(stage: Stage): Promise<OperatorBrowser> {
  const { cookie: attempt, callback } = await goOut(stage);
  const back = await open(callback, attempt);
  if (back.status !== 303) throw new Error(`HTTP ${back.status}: ${await back.text()}`);
  const [cookie = ""] = (back.headers.getSetCookie()[0] ?? "").split(";");
  const current = await open(`${stage.service.url}/v1/operator-sessions/current`, cookie, {
    "sec-fetch-site": "same-origin",
  });
  const { csrf_token: csrf } = z.object({ csrf_token: z.string() }).parse(await current.json());
  const send: OperatorBrowser["send"] = (method, path, body, headers = {}) => {
    const type = body && { "content-type": "application/json" };
    const ours = { cookie, connection: "close", "sec-fetch-site": "same-origin", "x-csrf-token": csrf };
    return fetch(stage.service.url + path, {
      method,
      headers: { ...ours, ...type, ...headers },
      ...(body && { body: JSON.stringify(body) }),
      redirect: "manual",
    });
  };
  return { cookie, csrf, send };
}
