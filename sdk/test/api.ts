import type { IncomingHttpHeaders, ServerResponse } from "node:http";
import { tokenOf } from "./evergrant-service.ts";
import { listen } from "./listen.ts";
import { readBody } from "./read-body.ts";

interface ApiCall {
  readonly method: string | undefined;
  readonly path: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** An API that takes the tokens from one generation on and answers 401 to older ones. */
export interface Api {
  readonly url: string;
  readonly calls: ApiCall[];
  takesFrom: number;
  /** Answers in place of the check of the token, when set. */
  instead: ((response: ServerResponse, call: ApiCall) => void | Promise<void>) | undefined;
}

export async function startApi(): Promise<Api> {
  const url = await listen((request, response) => {
    void readBody(request).then((body) => {
      const call = { method: request.method, path: request.url, headers: request.headers, body };
      api.calls.push(call);
      return (api.instead ?? checkToken)(response, call);
    });
  });
  const api: Api = { url, calls: [], takesFrom: 1, instead: undefined };
  const checkToken = (response: ServerResponse, call: ApiCall) => {
    const generation = Number(/^Bearer at-(\d+)-/.exec(call.headers.authorization ?? "")?.[1]);
    const taken = call.headers.authorization === `Bearer ${tokenOf(generation)}` && generation >= api.takesFrom;
    response.writeHead(taken ? 200 : 401, taken ? {} : { "www-authenticate": 'Bearer error="invalid_token"' });
    response.end(taken ? `hello ${generation}` : "no");
  };
  return api;
}
