import { InvalidArgumentError, Option, type Command } from "commander";
import type { CommandDeps } from "../command-deps.ts";
import { asksService } from "../service/asks-service.ts";
import { createServiceClient } from "../service/service-client.ts";
import { askAccessToken } from "../token/ask-access-token.ts";
import { minTtlOption } from "../token/min-ttl.ts";
import { saslResponse, type Mechanism } from "./sasl-response.ts";

interface Xoauth2Options {
  url: string;
  user: string;
  mechanism: Mechanism;
  minTtl?: number;
}

export function addXoauth2Command(program: Command, { output, environment }: CommandDeps): void {
  const command = program
    .command("xoauth2")
    .summary("print what a mail server wants of a client that signs in")
    .description(
      `Prints the client's response of the SASL mechanism XOAUTH2 or OAUTHBEARER
(RFC 7628) with an access token in it, in base64, for clients and scripts that
take it whole. Most mail clients make it themselves, of what evergrant token prints.`,
    )
    .argument("<connection>", "id of the connection, con_...")
    .requiredOption("--user <address>", "whose mailbox it is", mailbox)
    .addOption(
      new Option("--mechanism <mechanism>", "the SASL mechanism")
        .choices(["xoauth2", "oauthbearer"])
        .default("xoauth2"),
    )
    .addOption(minTtlOption());
  asksService(command, "evergrant xoauth2 con_01jd... --user ada@example.com").action(
    async (connectionId: string, { url, user, mechanism, minTtl }: Xoauth2Options) => {
      const token = await askAccessToken(createServiceClient(url, environment), { connectionId, minTtl });
      const response = saslResponse(mechanism, user, token.access_token);
      output.result({ mechanism, response }, () => response);
    },
  );
}

/** Both mechanisms end a field with a control character. */
function mailbox(text: string): string {
  if (/^[^\p{Cc}]{1,320}$/u.test(text)) return text;
  throw new InvalidArgumentError("It has to be the address of a mailbox.");
}
