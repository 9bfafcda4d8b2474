import { sameSecret } from "../runtime/same-secret.ts";
import type { Secret } from "../runtime/secret.ts";
import type { AuditCheckpoint, AuditEntry, AuditHead, AuditStore } from "./audit.ts";
import { chainHash, GENESIS, signCheckpoint, signHead } from "./audit-chain.ts";

/**
 * What is wrong with a chain. `changed`: an entry is not what its hash says. `missing`: an entry is not there. `rewritten`: entry
 * and hash agree, but are not those that a checkpoint or the head has signed. `forged_checkpoint`, `forged_head`: not signed with
 * the audit key, so that nothing vouches for the entries since the last one that is. `added`: an entry beyond the head.
 */
export type AuditProblem = "changed" | "missing" | "rewritten" | "added" | "forged_checkpoint" | "forged_head";

/** The chain of one tenant, as it was found. */
export interface ChainReport {
  tenant: string;
  entries: number;
  checkpoints: number;
  /** The first entry that something is wrong with; null when all is well. */
  first_bad_seq: number | null;
  problem: AuditProblem | null;
  /** Up to here every entry is as it was signed. */
  signed_up_to: number;
}

interface Finding {
  seq: number;
  problem: AuditProblem;
}

const AT_ONCE = 500;

/** Reads the whole chain of a tenant, and compares it with itself, its checkpoints and its head. */
export async function verifyChain(
  audit: Pick<AuditStore, "following" | "head" | "checkpoints">,
  key: Secret<Uint8Array>,
  tenantId: string,
): Promise<ChainReport> {
  const head = await audit.head(tenantId);
  const checkpoints = await audit.checkpoints(tenantId);
  const walk = createWalk(key, head, checkpoints);
  for (let after = 0; ;) {
    const entries = await audit.following(tenantId, after, AT_ONCE);
    for (const entry of entries) walk.take(entry);
    after = entries.at(-1)?.seq ?? after;
    if (entries.length < AT_ONCE) break;
  }
  const grown = await audit.head(tenantId);
  const finding = walk.end(grown && isGenuineHead(key, grown) ? grown.seq : 0);
  return {
    tenant: tenantId,
    entries: walk.count(),
    checkpoints: checkpoints.length,
    first_bad_seq: finding?.seq ?? null,
    problem: finding?.problem ?? null,
    signed_up_to: walk.signedUpTo(),
  };
}

function createWalk(key: Secret<Uint8Array>, head: AuditHead | null, checkpoints: readonly AuditCheckpoint[]) {
  const signed = new Map(checkpoints.map((checkpoint) => [checkpoint.seq, checkpoint]));
  const findings: Finding[] = [];
  let previous = { seq: 0, hash: GENESIS };
  let vouchedFor = 0;
  let count = 0;

  /** A signature that does not agree says that something is wrong since the last that did, if nobody knows better what. */
  function compare(claim: AuditHead, genuine: boolean, forged: AuditProblem): void {
    const problem = !genuine ? forged : sameSecret(claim.hash, previous.hash) ? null : "rewritten";
    if (problem !== null && findings.length === 0) findings.push({ seq: vouchedFor + 1, problem });
    if (problem === null && findings.length === 0) vouchedFor = claim.seq;
  }

  function take(entry: AuditEntry): void {
    count++;
    const { hash, ...rest } = entry;
    if (entry.seq !== previous.seq + 1) findings.push({ seq: previous.seq + 1, problem: "missing" });
    else if (!sameSecret(chainHash(previous.hash, rest), hash)) findings.push({ seq: entry.seq, problem: "changed" });
    previous = { seq: entry.seq, hash };
    const checkpoint = signed.get(entry.seq);
    if (checkpoint) compare(checkpoint, isGenuineCheckpoint(key, checkpoint), "forged_checkpoint");
    if (head?.seq === entry.seq) compare(head, isGenuineHead(key, head), "forged_head");
  }

  /** `grown` is where the head stands by now: entries up to there came while the chain was read. */
  function end(grown: number): Finding | null {
    const headSeq = head?.seq ?? 0;
    const furthest = Math.max(headSeq, ...checkpoints.map(({ seq }) => seq));
    if (furthest > previous.seq) findings.push({ seq: previous.seq + 1, problem: "missing" });
    if (furthest > headSeq) findings.push({ seq: headSeq + 1, problem: "forged_head" });
    if (previous.seq > Math.max(headSeq, grown)) findings.push({ seq: headSeq + 1, problem: "added" });
    return findings.toSorted((a, b) => a.seq - b.seq)[0] ?? null;
  }

  return { take, end, count: () => count, signedUpTo: () => vouchedFor };
}

function isGenuineCheckpoint(key: Secret<Uint8Array>, checkpoint: AuditCheckpoint): boolean {
  return sameSecret(checkpoint.signature, signCheckpoint(key, checkpoint));
}

function isGenuineHead(key: Secret<Uint8Array>, head: AuditHead): boolean {
  return sameSecret(head.signature, signHead(key, head));
}
