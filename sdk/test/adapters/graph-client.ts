import { Client, MiddlewareFactory } from "@microsoft/microsoft-graph-client";
import type { Connection } from "../../src/index.ts";
import { graphAuthenticationProvider, graphMiddleware } from "../../src/adapters/microsoft.ts";

/** The Graph client and its own middlewares, but for the last: it sends to a server of the test what is meant for Graph. */
export function graphClient(connection: Connection, url: string): Client {
  const chain = MiddlewareFactory.getDefaultMiddlewareChain(graphAuthenticationProvider(connection));
  const sender: (typeof chain)[number] = {
    execute: async (context) => {
      const asked = context.request instanceof Request ? context.request.url : context.request;
      const init = { ...context.options, duplex: "half" } as const;
      const response = await fetch(asked.replace("https://graph.microsoft.com", url), init);
      context.response = Object.defineProperty(response, "url", { value: asked });
    },
  };
  return Client.initWithMiddleware({ middleware: [graphMiddleware(connection), ...chain.slice(0, -1), sender] });
}
