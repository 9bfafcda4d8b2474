import type { ServerResponse } from "node:http";
import { listen } from "../listen.ts";
import { readBody } from "../read-body.ts";

/** APIs of several vendors on one port, whose tokens a resource server judges. */
export interface GuardedApi {
  readonly url: string;
  /** The token of every call, in order. */
  readonly tokens: string[];
  /** The path of every call, in order. */
  readonly paths: string[];
  /** Tokens that are refused although they live. */
  readonly refused: Set<string>;
}

export async function startGuardedApi(sandboxUrl: string): Promise<GuardedApi> {
  const url = await listen((request, response) => {
    void readBody(request).then(async () => {
      const token = (request.headers.authorization ?? "").replace(/^Bearer /, "");
      const path = (request.url ?? "").replace(/\?.*/, "");
      api.tokens.push(token);
      api.paths.push(path);
      const taken = !api.refused.has(token) && (await isTaken(sandboxUrl, token));
      return send(response, path, taken);
    });
  });
  const api: GuardedApi = { url, tokens: [], paths: [], refused: new Set() };
  return api;
}

async function isTaken(sandboxUrl: string, token: string): Promise<boolean> {
  const answer = await fetch(`${sandboxUrl}/api/files?page_size=1`, { headers: { authorization: `Bearer ${token}` } });
  await answer.arrayBuffer();
  return answer.ok;
}

/** Slack says with 200 what the others say with 401. */
function send(response: ServerResponse, path: string, taken: boolean): void {
  const slack = path.startsWith("/slack/");
  const headers = { "content-type": "application/json" };
  if (taken) {
    response.writeHead(200, headers).end(JSON.stringify(ANSWERS[path] ?? { name: "plan.txt" }));
  } else if (slack) {
    response.writeHead(200, headers).end(JSON.stringify({ ok: false, error: "token_expired" }));
  } else {
    response.writeHead(401, { ...headers, "www-authenticate": 'Bearer error="invalid_token"' });
    response.end(JSON.stringify({ error: { code: "InvalidAuthenticationToken", message: "The token is refused." } }));
  }
}

const ANSWERS: Readonly<Record<string, unknown>> = {
  "/drive/v3/files": { files: [{ id: "1", name: "plan.txt" }] },
  "/v1.0/me/drive/root/children": { value: [{ id: "1", name: "plan.txt" }] },
  "/user/repos": [{ id: 1, name: "plan.txt" }],
  "/slack/conversations.list": { ok: true, channels: [{ id: "C1", name: "plan.txt" }] },
};
