import type { Command } from "commander";
import type { CommandDeps } from "../command-deps.ts";
import { CommandFailure } from "../command-failure.ts";
import { asksService } from "../service/asks-service.ts";
import { createServiceClient } from "../service/service-client.ts";
import { releaseConnection, releaseHeld } from "./release-connections.ts";

interface ReleaseOptions {
  url: string;
  held?: boolean;
  yes?: boolean;
}

export function addReleaseCommand(connections: Command, { output, environment }: CommandDeps): void {
  const command = connections
    .command("release")
    .summary("try the stored tokens of connections that are held after a restore")
    .description(
      `Lets a connection go on that is held since the database was restored: the refresh
token in the database is tried. A provider that has replaced it since may end the
connection for that, and its user then has to reconnect; docs/backup.md says when
to release and when to ask the user. With --held, all that are held: asks first on
a terminal; anywhere else it needs --yes.`,
    )
    .argument("[id]", "id of the connection, con_...")
    .option("--held", "all connections that are held")
    .option("--yes", "do not ask");
  asksService(command, "evergrant connections release con_01jd...").action(
    async (id: string | undefined, { url, held = false, yes = false }: ReleaseOptions) => {
      if ((id === undefined) !== held) throw unclear();
      const service = createServiceClient(url, environment);
      if (id === undefined) await releaseHeld(service, output, { yes });
      else await releaseConnection(service, output, id);
    },
  );
}

function unclear(): CommandFailure {
  return new CommandFailure({
    exit: "usage",
    code: "usage",
    detail: "Name what to release.",
    next: "An id releases one connection, --held all that are held.",
  });
}
