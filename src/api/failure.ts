import type { FastifyError, FastifyReply, FastifyRequest } from "fastify";
import { hasZodFastifySchemaValidationErrors } from "fastify-type-provider-zod";
import type { Observer } from "../runtime/observer.ts";
import { ServiceError } from "../runtime/service-error.ts";
import { problemOf } from "./problem.ts";

/** Answers every failure as problem details. Nothing of the request is repeated, and unknown errors show nothing of themselves. */
export function createFailureHandler(observer: Observer) {
  return (error: FastifyError, request: FastifyRequest, reply: FastifyReply): FastifyReply => {
    const known = understand(error);
    if (!known || known.code === "store_unavailable") report(observer, request, error, known?.code ?? "internal");
    return sendProblem(reply, known ?? new ServiceError("internal", "Something went wrong here; the log says where."));
  };
}

export function sendProblem(reply: FastifyReply, error: ServiceError): FastifyReply {
  const problem = problemOf(error);
  if (problem.retry_after !== undefined) void reply.header("retry-after", problem.retry_after);
  if (problem.status === 401) void reply.header("www-authenticate", "Bearer");
  // A string, so that the schema of the route's success is not applied to it.
  return reply.status(problem.status).type("application/problem+json").serializer(JSON.stringify).send(problem);
}

function understand(error: FastifyError): ServiceError | null {
  if (error instanceof ServiceError) return error;
  if (hasZodFastifySchemaValidationErrors(error)) return invalid(error);
  switch (error.code) {
    case "FST_ERR_CTP_INVALID_MEDIA_TYPE":
      return new ServiceError("unsupported_media_type", "Send the body as application/json.");
    case "FST_ERR_CTP_BODY_TOO_LARGE":
      return new ServiceError("payload_too_large", "The body is larger than this service accepts.");
    case "FST_ERR_CTP_EMPTY_JSON_BODY":
    case "FST_ERR_CTP_INVALID_JSON_BODY":
    case "FST_ERR_CTP_INVALID_CONTENT_LENGTH":
      return new ServiceError("invalid_request", "The body is not valid JSON.");
    default:
      return error.statusCode !== undefined && error.statusCode < 500
        ? new ServiceError("invalid_request", "The request is not valid HTTP for this service.")
        : null;
  }
}

function invalid(error: FastifyError): ServiceError {
  const problems = (error.validation ?? []).map(({ instancePath, message = "is not valid", params }) => ({
    path: instancePath.replace(/^\//, "").replaceAll("/", "."),
    message: withoutValues(message, params),
  }));
  const first = problems[0];
  const where = first && first.path !== "" ? `${first.path}: ` : "";
  const sentence = first ? `${where}${first.message}.` : "The request does not have the expected shape.";
  return new ServiceError("invalid_request", sentence, { problems });
}

/** Names of unknown fields are the only part of the input in zod's messages; one that may be a misplaced token is not repeated. */
function withoutValues(message: string, params: unknown): string {
  const keys = typeof params === "object" && params !== null && "keys" in params ? params.keys : undefined;
  if (!Array.isArray(keys)) return message;
  const names = keys.filter((key) => typeof key === "string" && /^[a-z_]{1,40}$/.test(key));
  return names.length === 0 ? "unknown field" : `unknown field ${names.map((name) => `"${name}"`).join(", ")}`;
}

function report(observer: Observer, request: FastifyRequest, error: Error, code: string): void {
  const frames = (error.stack ?? "").split("\n").filter((line) => line.trimStart().startsWith("at "));
  observer.event("request.failed", {
    route: request.routeOptions.url ?? null,
    code,
    error: error.name,
    at: frames.slice(0, 5).join(" ").replaceAll(/\s+/g, " "),
  });
}
