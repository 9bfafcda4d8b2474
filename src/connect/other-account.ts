import { z } from "zod";
import type { Account } from "../connection/connection.ts";
import { secret, type Secret } from "../runtime/secret.ts";
import type { Arrival } from "./arrival.ts";
import type { ConnectProblem, ConnectSession } from "./connect-session.ts";
import { failSession } from "./fail.ts";
import { mismatchOf } from "./heal.ts";
import type { ConnectPorts } from "./ports.ts";

/** The account that the connection is held to, if another one came back; null where there is nothing to compare. */
export async function otherThan(
  { connections }: Pick<ConnectPorts, "connections">,
  connectionId: string,
  given: Account | null,
): Promise<Account | null> {
  const expected = (await connections.snapshot(connectionId))?.connection.account ?? null;
  return expected && expected.id !== given?.id ? expected : null;
}

/**
 * Another account came back. Where it may take the connection's place, what it brought waits, sealed, until its person has decided.
 * Else it is forgotten, and not revoked: at many providers a revocation ends all that the person has allowed this client, and so
 * other connections.
 */
export async function receiveOther(ports: ConnectPorts, arrival: Arrival, expected: Account): Promise<void> {
  const { session, account } = arrival;
  const problem: ConnectProblem = {
    code: "account_mismatch",
    detail: mismatchOf(expected),
    accounts: { expected: expected.label, given: account?.label ?? null },
  };
  if (account === null || !(await maySwitch(ports, session))) return failSession(ports, session, problem);
  const sealed = await ports.sealer.seal(
    arrivalAddress(session),
    encode({ tokens: arrival.tokens, account, expected }),
  );
  await ports.sessions.askToSwitch(session.id, sealed, problem);
}

/** Whoever revokes the links of a connection takes back that its account may change. */
export async function maySwitch(
  { connections }: Pick<ConnectPorts, "connections">,
  { connectionId, switchEpoch }: ConnectSession,
): Promise<boolean> {
  if (connectionId === null || switchEpoch === null) return false;
  return (await connections.snapshot(connectionId))?.connection.linkEpoch === switchEpoch;
}

/** What waited; null when it is gone. */
export async function openOther(
  { sealer }: Pick<ConnectPorts, "sealer">,
  session: ConnectSession,
): Promise<Waiting | null> {
  if (!session.sealedArrival) return null;
  return decode(await sealer.open(arrivalAddress(session), session.sealedArrival));
}

interface Waiting extends Pick<Arrival, "tokens"> {
  account: Account;
  /** Whose place it is to take. */
  expected: Account;
}

const secretField = z
  .string()
  .nullable()
  .transform((text) => (text === null ? null : secret(text)));

const account = z.object({ id: z.string(), label: z.string().nullable() });

const waiting = z.object({
  account,
  expected: account,
  tokens: z.object({
    accessToken: secretField,
    tokenType: z.string(),
    refreshToken: secretField,
    obtainedAt: z.number(),
    expiresAt: z.number().nullable(),
    refreshExpiresAt: z.number().nullable(),
    scope: z.array(z.string()),
    answerFields: z.record(z.string(), z.string()),
    dpopKey: z.string().nullable(),
  }),
});

function encode(other: Waiting): Secret<string> {
  const { accessToken, refreshToken } = other.tokens;
  const bare = { accessToken: accessToken?.reveal() ?? null, refreshToken: refreshToken?.reveal() ?? null };
  return secret(JSON.stringify({ ...other, tokens: { ...other.tokens, ...bare } }));
}

function decode(sealed: Secret<string>): Waiting {
  return waiting.parse(JSON.parse(sealed.reveal()));
}

function arrivalAddress({ tenantId, id }: ConnectSession) {
  return { tenantId, recordId: id, field: "arrival" as const, generation: 0 };
}
