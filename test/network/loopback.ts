import { createServer as createHttpServer, type RequestListener } from "node:http";
import { createServer as createTcpServer, type Server, type Socket } from "node:net";
import { onTestFinished } from "vitest";
import { createTransport } from "../../src/network/transport.ts";

export interface Loopback {
  port: number;
  /** `127.0.0.1:port`. */
  host: string;
  /** How many connections were made to it. */
  connections(): number;
}

/** Lets a server listen on 127.0.0.1 until the running test is over. */
export async function listen(server: Server): Promise<Loopback> {
  const sockets = new Set<Socket>();
  let connections = 0;
  server.on("connection", (socket) => {
    connections++;
    sockets.add(socket);
    socket.on("error", () => socket.destroy());
    socket.on("close", () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(
    () =>
      new Promise<void>((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  );
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the server has no port");
  return { port: address.port, host: `127.0.0.1:${address.port}`, connections: () => connections };
}

export interface HttpLoopback extends Loopback {
  server: Server;
  /** The paths that were asked for. */
  paths: string[];
}

/** A real HTTP server for the running test. */
export async function serveHttp(answer: RequestListener): Promise<HttpLoopback> {
  const paths: string[] = [];
  const server = createHttpServer((request, response) => {
    paths.push(request.url ?? "");
    answer(request, response);
  });
  return { ...(await listen(server)), server, paths };
}

/** A real TCP server for the running test. */
export function serveTcp(answer: (socket: Socket) => void): Promise<Loopback> {
  return listen(createTcpServer(answer));
}

/** A transport for the running test that may reach 127.0.0.1, unless other hosts are given. */
export function openTransport(allowedPrivateHosts: readonly string[] = ["127.0.0.1"], proxy = "") {
  const transport = createTransport({ allowedPrivateHosts, proxyFor: () => proxy });
  onTestFinished(() => transport.close());
  return transport;
}
