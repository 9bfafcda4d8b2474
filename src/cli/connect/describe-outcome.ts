import type { Connection } from "../connections/connection.ts";
import { describeAccount } from "../connections/describe-account.ts";
import type { Paint } from "../terminal/paint.ts";
import { printable } from "../terminal/printable.ts";
import type { ConnectSession } from "./connect-session.ts";

/** What came of a connect session, and what to do when that is not a connection that lasts. */
export function describeOutcome(session: ConnectSession, connection: Connection | null, paint: Paint): string {
  const { problem } = session;
  if (connection === null) return describeFailure(session, paint);
  const made = `${connection.id} (${describeAccount(connection)}, ${connection.provider})`;
  if (problem === null) return `${paint("green", "Connected:")} ${printable(made)}`;
  const isLeftOut = problem.code === "refresh_token_missing" && problem.missing?.length;
  const missing = isLeftOut ? [`Missing from the authorization request: ${problem.missing?.join(", ")}`] : [];
  return [
    `${paint("yellow", "Connected, with a problem:")} ${printable(made)}`,
    printable(problem.detail),
    ...missing,
    `When that is put right: evergrant connect --connection ${connection.id}`,
  ].join("\n");
}

function describeFailure({ status, problem }: ConnectSession, paint: Paint): string {
  const why =
    status === "expired"
      ? "Nobody came back before the address expired. Run the command again for a new one."
      : printable(problem?.detail ?? "The service does not say why.");
  return `${paint("red", "Not connected:")} ${why}`;
}
