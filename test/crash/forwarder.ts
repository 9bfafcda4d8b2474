import { connect, createServer, type Socket } from "node:net";

/** An address that leads to one port after another, as a virtual IP does. */
export interface Forwarder {
  port: number;
  /** New connections lead there; those to the port before end. */
  leadTo(port: number): void;
  close(): Promise<void>;
}

export async function startForwarder(first: number): Promise<Forwarder> {
  const sockets = new Set<Socket>();
  let target = first;

  function endAll(): void {
    for (const socket of sockets) socket.destroy();
  }

  function pair(from: Socket, to: Socket): void {
    sockets.add(from);
    from.on("error", () => from.destroy());
    from.on("close", () => sockets.delete(from) && to.destroy());
    from.pipe(to);
  }

  const server = createServer((client) => {
    const onward = connect(target, "127.0.0.1");
    pair(client, onward);
    pair(onward, client);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  return {
    port: typeof address === "object" ? (address?.port ?? 0) : 0,
    leadTo: (port) => {
      target = port;
      endAll();
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        endAll();
      }),
  };
}
