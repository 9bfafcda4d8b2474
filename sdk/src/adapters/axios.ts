import {
  getAdapter,
  isAxiosError,
  type AxiosAdapter,
  type AxiosInstance,
  type AxiosResponse,
  type InternalAxiosRequestConfig,
} from "axios";
import { isAboutToken } from "../about-token.ts";
import type { Connection } from "../connection.ts";
import { isReadOnce } from "../read-once.ts";
import { sendWithToken, type Refusal } from "./send-with-token.ts";

/**
 * Gives every request of the instance a token of the connection. The other interceptors see one request and one answer, also where a 401
 * made it two, and the token is in no config that they or an error show. Give it an instance that calls one API.
 * @returns what detaches the connection.
 */
export function attachConnection(instance: AxiosInstance, connection: Connection): () => void {
  const interceptor = instance.interceptors.request.use((config) => {
    const adapter = getAdapter(config.adapter, config);
    config.adapter = (request) => present(connection, adapter, request);
    return config;
  });
  return () => instance.interceptors.request.eject(interceptor);
}

async function present(connection: Connection, adapter: AxiosAdapter, config: InternalAxiosRequestConfig) {
  return sendWithToken(connection, {
    send: (token) => sendOnce(adapter, config, token),
    refusal: (outcome) => refusalIn(outcome, config),
    repeatable: !isReadOnce(config.data),
    signal: config.signal instanceof AbortSignal ? config.signal : undefined,
  });
}

/** With a config of its own, which is taken out of what comes back. */
async function sendOnce(
  adapter: AxiosAdapter,
  config: InternalAxiosRequestConfig,
  token: string,
): Promise<AxiosResponse> {
  const headers = config.headers.concat({ Authorization: `Bearer ${token}` });
  try {
    const response = await adapter({ ...config, headers });
    return Object.assign(response, { config });
  } catch (error) {
    if (!isAxiosError(error)) throw error;
    if (error.response !== undefined) error.response.config = config;
    throw Object.assign(error, { config });
  }
}

/** A response, or the error of one that `validateStatus` did not let pass. */
function refusalIn(outcome: unknown, { url = "", baseURL }: InternalAxiosRequestConfig): Refusal | undefined {
  const response = isAxiosError(outcome) ? outcome.response : isResponse(outcome) ? outcome : undefined;
  if (response?.status !== 401) return undefined;
  if (!isAboutToken(answeredBy(response.request), url, baseURL)) return undefined;
  const challenge: unknown = response.headers["www-authenticate"];
  return { status: 401, wwwAuthenticate: typeof challenge === "string" ? challenge : undefined };
}

function isResponse(value: unknown): value is AxiosResponse {
  return typeof value === "object" && value !== null && "status" in value && "headers" in value;
}

/** Where the redirects led to: the requests of Node and of browsers say it each in their way. */
function answeredBy(request: unknown): string | undefined {
  if (typeof request !== "object" || request === null) return undefined;
  const url: unknown =
    "res" in request ? Reflect.get(Object(request.res), "responseUrl") : Reflect.get(request, "responseURL");
  return typeof url === "string" ? url : undefined;
}
