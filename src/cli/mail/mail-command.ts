import type { Command } from "commander";
import type { CommandDeps } from "../command-deps.ts";

export function addMailCommand(program: Command, { output, environment }: CommandDeps): void {
  const mail = program
    .command("mail")
    .summary("try the mail server")
    .description("Tries the mail server that writes to the operators.")
    .addHelpText("after", "\nExample:\n  evergrant mail test");
  mail
    .command("test")
    .summary("send the operators a test mail")
    .description(
      `Sends one mail to the addresses in EVERGRANT_NOTIFY_EMAIL, with the settings of the
service. Run it where the service runs, with the same environment; the service may
be running. Exits with 7 when the mail server did not take it.`,
    )
    .addHelpText("after", "\nExample:\n  evergrant mail test")
    .action(async () => {
      // Loaded only here: the mail library would make every other command slow to start.
      const { sendTestMail } = await import("./send-test-mail.ts");
      await sendTestMail(output, environment);
    });
}
