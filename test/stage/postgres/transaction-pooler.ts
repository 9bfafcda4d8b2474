import { createServer, Socket } from "node:net";
import { Client } from "pg";

/** What PgBouncer takes at the start of a connection; it refuses any other, because it could not keep it. */
const STARTUP_PARAMETERS = new Set([
  "user",
  "database",
  "client_encoding",
  "application_name",
  "datestyle",
  "timezone",
]);

export interface TransactionPooler {
  /** The URL it was made for, through the pooler. */
  url: string;
  close(): Promise<void>;
}

/**
 * A proxy that pools transactions, as PgBouncer does in that mode: a server's connection is lent for one transaction, and the
 * next transaction gets another one, so that whatever a session was to remember is missing. Lets everybody in.
 */
export async function startTransactionPooler(target: string, serverConnections: number): Promise<TransactionPooler> {
  const idle = await Promise.all(Array.from({ length: serverConnections }, () => connectServer(target)));
  const all = [...idle];
  const waiting: ((server: Socket) => void)[] = [];
  const clients = new Set<Socket>();

  // First in, first out: the one that was used last is the last to be used again.
  const take = (): Promise<Socket> => {
    const server = idle.shift();
    return server ? Promise.resolve(server) : new Promise((resolve) => waiting.push(resolve));
  };
  const give = (server: Socket): void => {
    const next = waiting.shift();
    if (next) next(server);
    else idle.push(server);
  };

  const proxy = createServer((client) => {
    clients.add(client);
    client.on("close", () => clients.delete(client)).on("error", () => client.destroy());
    client.once("data", (startup: Buffer) => {
      const refused = startupParameters(startup).find((name) => !STARTUP_PARAMETERS.has(name));
      if (refused !== undefined) return void client.end(fatal(`unsupported startup parameter: ${refused}`));
      client.write(Buffer.concat([message("R", Buffer.alloc(4)), message("Z", Buffer.from("I"))]));
      relay(client, take, give);
    });
  });
  await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  const address = proxy.address();
  const url = new URL(target);
  url.port = String(typeof address === "object" ? address?.port : "");
  return {
    url: url.href,
    close: async () => {
      for (const socket of [...clients, ...all]) socket.destroy();
      await new Promise((resolve) => proxy.close(resolve));
    },
  };
}

function relay(client: Socket, take: () => Promise<Socket>, give: (server: Socket) => void): void {
  let lent: Promise<Socket> | null = null;

  async function lend(): Promise<Socket> {
    const server = await take();
    const messages = createMessageReader();
    server.on("data", (chunk: Buffer) => {
      client.write(chunk);
      if (!messages(chunk).some(([type, body]) => type === "Z" && body.toString() === "I")) return;
      server.removeAllListeners("data");
      lent = null;
      give(server);
    });
    return server;
  }

  client.on("data", (chunk: Buffer) => {
    if (chunk.toString("latin1", 0, 1) === "X") return void client.end();
    lent ??= lend();
    void lent.then((server) => server.write(chunk));
  });
  // In the middle of a transaction nobody else can have it.
  client.on("close", () => void lent?.then((server) => server.destroy()));
}

/** A connection that has said who it is; from then on bytes go through it as they are. */
async function connectServer(url: string): Promise<Socket> {
  const socket = new Socket();
  const client = new Client({ connectionString: url, stream: () => socket });
  await client.connect();
  return socket.removeAllListeners().on("error", () => socket.destroy());
}

function startupParameters(startup: Buffer): string[] {
  const words = startup.toString("utf8", 8, startup.readInt32BE(0)).split("\0");
  return words.filter((word, index) => index % 2 === 0 && word !== "");
}

/** Splits what a server sends into messages: a letter, a length, a body. */
function createMessageReader(): (chunk: Buffer) => [type: string, body: Buffer][] {
  let rest: Buffer = Buffer.alloc(0);
  return (chunk) => {
    rest = Buffer.concat([rest, chunk]);
    const messages: [string, Buffer][] = [];
    while (rest.length >= 5 && rest.length > rest.readInt32BE(1)) {
      const end = 1 + rest.readInt32BE(1);
      messages.push([rest.toString("latin1", 0, 1), rest.subarray(5, end)]);
      rest = rest.subarray(end);
    }
    return messages;
  };
}

function message(type: string, body: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.write(type, "latin1");
  head.writeInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
}

function fatal(sentence: string): Buffer {
  return message("E", Buffer.from(`SFATAL\0VFATAL\0C08P01\0M${sentence}\0\0`));
}
