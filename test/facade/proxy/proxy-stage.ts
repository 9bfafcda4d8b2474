import { request, type ClientRequest, type IncomingMessage, type RequestListener } from "node:http";
import { buffer } from "node:stream/consumers";
import { onTestFinished } from "vitest";
import { serveHttp, type HttpLoopback } from "../../network/loopback.ts";
import { openStage, type Stage, type StageOptions } from "../../stage/stage.ts";

/** A connection whose tokens may go to one API, and a way to ask that through the service. */
export interface ProxyStage {
  stage: Stage;
  api: HttpLoopback;
  connectionId: string;
  /** The access token that the connection has now. */
  token(this: void): Promise<string>;
  /** The address of `path` at the API. */
  at(this: void, path: string): string;
  /** Begins a request through the proxy, with the administrator's key unless headers say otherwise. */
  begin(this: void, path: string, options?: RequestOptions): ClientRequest;
  /** Sends one, and reads the answer to its end. */
  ask(this: void, path: string, options?: RequestOptions & { body?: string | Buffer }): Promise<ProxiedAnswer>;
}

interface RequestOptions {
  method?: string;
  headers?: Record<string, string>;
}

export interface ProxiedAnswer {
  status: number;
  headers: IncomingMessage["headers"];
  rawHeaders: string[];
  text: string;
}

export async function openProxyStage(answer: RequestListener, options: StageOptions = {}): Promise<ProxyStage> {
  const api = await serveHttp(answer);
  const settings = { proxy_hosts: [`http://${api.host}`] };
  const stage = await openStage({ ...options, client: { ...options.client, settings } });
  const { connectionId } = await stage.connect();
  return {
    stage,
    api,
    connectionId,
    token: async () => (await stage.token(connectionId)).at("access_token"),
    at: (path) => `/proxy/${connectionId}/${api.host}${path}`,
    begin: (path, asked) => begin(stage, `/proxy/${connectionId}/${api.host}${path}`, asked),
    ask: (path, asked) => askAt(stage, `/proxy/${connectionId}/${api.host}${path}`, asked),
  };
}

/** As it is written: no client in between that would tidy up a path. */
export function begin({ service, adminKey }: Stage, path: string, options: RequestOptions = {}): ClientRequest {
  const { method = "GET", headers = { authorization: `Bearer ${adminKey}` } } = options;
  const { hostname, port } = new URL(service.url);
  const sent = request({ hostname, port, path, method, headers, agent: false });
  sent.on("error", () => undefined);
  onTestFinished(() => void sent.destroy());
  return sent;
}

export async function askAt(
  stage: Stage,
  path: string,
  options: RequestOptions & { body?: string | Buffer } = {},
): Promise<ProxiedAnswer> {
  const sent = begin(stage, path, options);
  sent.end(options.body);
  return whole(await answerTo(sent));
}

export function answerTo(sent: ClientRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    sent.once("response", resolve);
    sent.once("error", reject);
  });
}

export async function whole(incoming: IncomingMessage): Promise<ProxiedAnswer> {
  const text = (await buffer(incoming)).toString();
  return { status: incoming.statusCode ?? 0, headers: incoming.headers, rawHeaders: incoming.rawHeaders, text };
}
