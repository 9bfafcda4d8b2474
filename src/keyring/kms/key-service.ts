import { SECOND, within, type Clock } from "../../runtime/clock.ts";
import { secret, type Secret } from "../../runtime/secret.ts";
import { ServiceError } from "../../runtime/service-error.ts";
import type { KeyClient } from "./key-client.ts";
import { KeyServiceRefusal, mayPass, sentenceOf, type KeyFailure } from "./key-failure.ts";

/**
 * A service that keeps a key to itself and encrypts with it. Both calls throw `key_unavailable`, with one sentence that says
 * what to check, after 10 seconds at the latest.
 */
export interface KeyService {
  /** Which key at which service, as it was configured; holds no secret. */
  readonly name: string;
  /**
   * Takes at most 190 bytes, which is what RSA-OAEP-256 takes with a key of 2,048 bits. `context` binds the ciphertext where
   * the service can, is not empty, and no secret: services log it. That a key encrypts does not say that it decrypts (Key
   * Vault wraps with a disabled key too), so decrypt once before anything depends on it.
   */
  encrypt(plaintext: Secret<Uint8Array>, context: string): Promise<Uint8Array>;
  decrypt(ciphertext: Uint8Array, context: string): Promise<Secret<Uint8Array>>;
}

/** For one call, its repetition included. */
export const KEY_DEADLINE = 10 * SECOND;
const PAUSE = SECOND / 2;
const NO_ANSWER: KeyFailure = { kind: "unreachable", code: `no answer in ${KEY_DEADLINE / SECOND} s` };

type Work = (signal: AbortSignal) => Promise<Uint8Array>;
type Answer = { kind: "bytes"; bytes: Uint8Array } | { kind: "failure"; failure: KeyFailure };

/** Gives a client its deadline, a second try where the first failure may have passed, and sentences. */
export function createKeyService(client: KeyClient, clock: Clock): KeyService {
  async function call(work: Work, meaning = (failure: KeyFailure) => failure): Promise<Uint8Array> {
    const over = new AbortController();
    const answer = await within(clock, KEY_DEADLINE, askTwice(client, clock, work, over.signal));
    over.abort();
    if (answer?.kind === "bytes") return answer.bytes;
    const failure = answer ? meaning(answer.failure) : NO_ANSWER;
    throw new ServiceError("key_unavailable", sentenceOf(client.name, failure, client.hints));
  }

  return {
    name: client.name,
    encrypt: (plaintext, context) =>
      call((signal) => client.encrypt(plaintext.reveal(), context, signal), ofEncrypting),
    decrypt: async (ciphertext, context) => secret(await call((signal) => client.decrypt(ciphertext, context, signal))),
  };
}

/** What a service says of a ciphertext that it cannot open, several say of anything that a key cannot do. */
function ofEncrypting({ kind, code }: KeyFailure): KeyFailure {
  return { kind: kind === "other_key" ? "unsuitable" : kind, code };
}

async function askTwice(client: KeyClient, clock: Clock, work: Work, signal: AbortSignal): Promise<Answer> {
  const first = await ask(client, work, signal);
  if (first.kind === "bytes" || !mayPass(first.failure)) return first;
  await clock.sleep(PAUSE, signal);
  return signal.aborted ? first : ask(client, work, signal);
}

async function ask(client: KeyClient, work: Work, signal: AbortSignal): Promise<Answer> {
  try {
    return { kind: "bytes", bytes: await work(signal) };
  } catch (error) {
    const failure = error instanceof KeyServiceRefusal ? error.failure : client.failureOf(error);
    return { kind: "failure", failure };
  }
}
