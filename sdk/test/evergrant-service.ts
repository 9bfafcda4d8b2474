import type { IncomingMessage, ServerResponse } from "node:http";
import { createEvergrant } from "../src/index.ts";
import type { Connection, EvergrantOptions } from "../src/index.ts";
import { listen } from "./listen.ts";
import { readBody } from "./read-body.ts";
import { TOKEN } from "./token-answer.ts";

export const API_KEY = "eg_key-that-nobody-may-see";

/** One connection behind the calls of the service. A report moves it to the next generation. */
export interface EvergrantService {
  readonly url: string;
  /** Every call as "METHOD path", in order. */
  readonly calls: string[];
  /** The content of every report. */
  readonly reports: unknown[];
  generation: number;
  /** Replaces fields of the next answers. */
  answer: Record<string, unknown>;
  /** Answers in place of the contract, when set. */
  instead: ((response: ServerResponse, request: IncomingMessage) => void | Promise<void>) | undefined;
  connect(options?: Partial<EvergrantOptions>): Connection;
}

export async function startEvergrantService(): Promise<EvergrantService> {
  const url = await listen((request, response) => void serve(service, request, response));
  const service: EvergrantService = {
    url,
    calls: [],
    reports: [],
    generation: 1,
    answer: {},
    instead: undefined,
    connect: (options) => createEvergrant({ url, apiKey: API_KEY, ...options }).connection("con_1"),
  };
  return service;
}

export function tokenOf(generation: number): string {
  return `at-${generation}-that-nobody-may-see`;
}

export function inSeconds(seconds: number): string {
  return new Date(Date.now() + seconds * 1000).toISOString();
}

export function sendProblem(response: ServerResponse, status: number, problem: Record<string, unknown>): void {
  response.writeHead(status, { "content-type": "application/problem+json" });
  response.end(JSON.stringify({ type: "about:blank", title: "A problem", status, ...problem }));
}

async function serve(service: EvergrantService, request: IncomingMessage, response: ServerResponse): Promise<void> {
  service.calls.push(`${request.method} ${request.url}`);
  const content = await readBody(request);
  if (content !== "") service.reports.push(JSON.parse(content));
  if (service.instead !== undefined) return service.instead(response, request);
  if (request.headers.authorization !== `Bearer ${API_KEY}`)
    return sendProblem(response, 401, { code: "unauthorized" });
  if (request.url?.endsWith("/dpop-proof") === true) return sendProof(service, response);
  if (request.method === "POST") service.generation += 1;
  sendToken(service, response);
}

function sendProof({ generation }: EvergrantService, response: ServerResponse): void {
  response.writeHead(200, { "content-type": "application/json" });
  response.end(JSON.stringify({ proof: `proof-of-${generation}`, connection_id: "con_1", generation }));
}

function sendToken({ generation, answer }: EvergrantService, response: ServerResponse): void {
  const token = { ...TOKEN, access_token: tokenOf(generation), expires_at: inSeconds(3600), generation };
  response.writeHead(200, { "content-type": "application/json" });
  response.end(JSON.stringify({ ...token, ...answer }));
}
