import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from "node:http";
import swagger from "@fastify/swagger";
import { fastify, type FastifyBaseLogger, type FastifyInstance } from "fastify";
import {
  jsonSchemaTransform,
  jsonSchemaTransformObject,
  serializerCompiler,
  validatorCompiler,
  type ZodTypeProvider,
} from "fastify-type-provider-zod";
import type { Admission } from "../access/admission.ts";
import type { Observer } from "../runtime/observer.ts";
import { ServiceError } from "../runtime/service-error.ts";
import { hasBody, limitBody } from "./body-deadline.ts";
import { createFailureHandler, sendProblem } from "./failure.ts";
import { createGuard, type OperatorGuard } from "./guard.ts";
import type { HttpLimits } from "./http-limits.ts";
import type { PeerAddress } from "./peer-address.ts";

export type App = FastifyInstance<Server, IncomingMessage, ServerResponse, FastifyBaseLogger, ZodTypeProvider>;

export interface ServerDeps {
  admission: Admission;
  peerAddress: PeerAddress;
  operatorGuard: OperatorGuard;
  observer: Observer;
  /** Answers a request before the framework sees it, and then returns true. */
  shortcut: (request: IncomingMessage, response: ServerResponse) => boolean;
  /** The body takes as long as it takes, and is asked for by whoever reads it (RFC 9110 §10.1.1). */
  isStreamed: (request: IncomingMessage) => boolean;
  limits: HttpLimits;
}

/** The HTTP server without its routes: keys, limits, failures and the OpenAPI document that the routes fill. */
export async function createApp({
  admission,
  peerAddress,
  operatorGuard,
  observer,
  shortcut,
  isStreamed,
  limits,
}: ServerDeps): Promise<App> {
  const app = fastify({
    logger: false,
    bodyLimit: limits.largestBody,
    routerOptions: { maxParamLength: 300 },
    serverFactory: (handler) =>
      createLimitedServer(limits, isStreamed, (request, response) => {
        if (!shortcut(request, response)) handler(request, response);
      }),
  }).withTypeProvider<ZodTypeProvider>();
  app.removeContentTypeParser("text/plain");
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  app.decorateRequest("caller", null);
  app.decorateRequest("operator", null);
  app.decorateRequest("actor", null);
  app.decorateRequest("from", null);
  app.addHook("onRequest", createGuard(admission, peerAddress, operatorGuard));
  app.setErrorHandler(createFailureHandler(observer));
  app.setNotFoundHandler((_request, reply) =>
    sendProblem(
      reply,
      new ServiceError("not_found", "There is nothing at this address; /openapi.json lists what there is."),
    ),
  );
  app.addHook("onResponse", async (request, reply) => {
    const { method, routeOptions } = request;
    observer.event("request.completed", {
      method,
      route: routeOptions.url ?? null,
      status: reply.statusCode,
      durationMs: Math.round(reply.elapsedTime),
    });
  });
  await app.register(swagger, {
    openapi: {
      openapi: "3.1.0",
      info: { title: "Evergrant", version: "0.1.0", description: "Keeps OAuth connections alive." },
      components: { securitySchemes: { apiKey: { type: "http", scheme: "bearer" } } },
    },
    transform: jsonSchemaTransform,
    transformObject: jsonSchemaTransformObject,
  });
  return app;
}

function createLimitedServer(
  limits: HttpLimits,
  isStreamed: ServerDeps["isStreamed"],
  handle: RequestListener,
): Server {
  const listener: RequestListener = (request, response) => {
    if (hasBody(request)) {
      const limit = (): void => limitBody(request, response, limits.requestWithin);
      // The rest of a body that nobody has waited for has no right to time.
      if (isStreamed(request)) response.once("finish", () => request.complete || limit());
      else limit();
    }
    handle(request, response);
  };
  const server = createServer(
    {
      maxHeaderSize: limits.largestHeaders,
      headersTimeout: limits.headersWithin,
      requestTimeout: 0,
      connectionsCheckingInterval: limits.lookEvery,
      keepAliveTimeout: limits.idleAfterAnswer,
    },
    listener,
  );
  server.maxConnections = limits.connections;
  server.on("checkContinue", (request: IncomingMessage, response: ServerResponse) => {
    if (!isStreamed(request)) response.writeContinue();
    listener(request, response);
  });
  return server.setTimeout(limits.silentFor);
}
