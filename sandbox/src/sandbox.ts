import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { createBehaviourSwitches, type Behaviour } from "./behaviour.ts";
import { problemsWithClient } from "./client-rules.ts";
import type { SandboxClient } from "./client-table.ts";
import { createControl, type Control } from "./control.ts";
import { createCounter } from "./counts.ts";
import { createRefreshTokenLog } from "./refresh-token-log.ts";
import { createRequestHandler } from "./request-handler.ts";
import type { Observe, SandboxEvent } from "./sandbox-event.ts";
import { openStore } from "./store.ts";

export interface SandboxOptions {
  /** Where to listen; 127.0.0.1 unless given. The control API asks nobody who they are. */
  host?: string;
  /** 0, the default, takes a free one. */
  port?: number;
  /** A SQLite file for users, clients, grants and tokens. Without it they end with the sandbox. */
  dataFile?: string;
  /** Put at start, over what the data file says about them. */
  clients?: SandboxClient[];
  /** Added to those in the data file; alice, bob and carol unless given. */
  users?: string[];
  behaviour?: Partial<Behaviour>;
}

export interface Sandbox {
  /** The issuer, and the origin of everything else, e.g. http://127.0.0.1:4101 */
  url: string;
  control: Control;
  /** Ends every connection, also those that hang. */
  close(): Promise<void>;
}

/** Starts an authorization server and a resource server on one port. Resolves once they answer. */
export async function openSandbox(options: SandboxOptions, watch: Observe): Promise<Sandbox> {
  const { clients = [], users = ["alice", "bob", "carol"], host = "127.0.0.1", port = 0 } = options;
  const problems = clients.flatMap(problemsWithClient);
  if (problems.length > 0) throw new RangeError(problems.join("; "));
  const behaviour = createBehaviourSwitches(options.behaviour ?? {});
  const counter = createCounter();
  const observe = (event: SandboxEvent) => {
    counter.record(event);
    watch(event);
  };
  const opened = openStore(options.dataFile);
  const refreshTokens = createRefreshTokenLog();
  const store = { ...opened, artifacts: refreshTokens.watch(opened.artifacts) };
  try {
    const control = createControl({ store, behaviour, counter, refreshTokens, observe });
    for (const user of users) store.users.add(user);
    for (const client of clients) store.clients.put(client);
    const signingKey = await store.signingKeys.key();
    const server = createServer();
    const url = await listen(server, port, host);
    const handler = createRequestHandler({ url, store, behaviour, control, refreshTokens, signingKey, observe });
    server.on("request", handler.handle);

    const close = async () => {
      server.close();
      server.closeAllConnections();
      await handler.settled();
      store.close();
    };
    return { url, control, close };
  } catch (error) {
    store.close();
    throw error;
  }
}

/** Resolves with the origin the server answers at. */
async function listen(server: Server, port: number, host: string): Promise<string> {
  server.listen(port, host);
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the sandbox listens on no port");
  return `http://${address.family === "IPv6" ? `[${address.address}]` : address.address}:${address.port}`;
}
