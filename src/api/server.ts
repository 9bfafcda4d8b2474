import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
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
import { createFailureHandler, sendProblem } from "./failure.ts";
import { createGuard } from "./guard.ts";
import type { PeerAddress } from "./peer-address.ts";

export type App = FastifyInstance<Server, IncomingMessage, ServerResponse, FastifyBaseLogger, ZodTypeProvider>;

export interface ServerDeps {
  admission: Admission;
  peerAddress: PeerAddress;
  observer: Observer;
  /** Answers a request before the framework sees it, and then returns true. */
  shortcut: (request: IncomingMessage, response: ServerResponse) => boolean;
}

const LARGEST_BODY = 256 * 1024;
/** A whole request must be here by then; reading an access token waits 15 s for an answer, which is not counted. */
const REQUEST_DEADLINE = 30_000;

/** The HTTP server without its routes: keys, limits, failures and the OpenAPI document that the routes fill. */
export async function createApp({ admission, peerAddress, observer, shortcut }: ServerDeps): Promise<App> {
  const app = fastify({
    logger: false,
    bodyLimit: LARGEST_BODY,
    routerOptions: { maxParamLength: 300 },
    serverFactory: (handler) => {
      const server = createServer(
        { requestTimeout: REQUEST_DEADLINE, keepAliveTimeout: 65_000 },
        (request, response) => {
          if (!shortcut(request, response)) handler(request, response);
        },
      );
      return server;
    },
  }).withTypeProvider<ZodTypeProvider>();
  app.removeContentTypeParser("text/plain");
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  app.decorateRequest("caller", null);
  app.addHook("onRequest", createGuard(admission, peerAddress));
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
