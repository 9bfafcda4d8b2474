import { verifyChain, type AuditProblem, type ChainReport } from "../../access/verify-audit.ts";
import { EXIT } from "../exit-codes.ts";
import type { Output } from "../terminal/output.ts";
import type { Paint } from "../terminal/paint.ts";
import { printable } from "../terminal/printable.ts";
import { withAudit } from "./open-audit.ts";

const PROBLEMS: Readonly<Record<AuditProblem, string>> = {
  changed: "was changed",
  missing: "is missing",
  rewritten: "or one after it was written anew",
  added: "was added by somebody else",
  forged_checkpoint: "and what follows are not vouched for: the checkpoint after it is not signed with the audit key",
  forged_head: "and what follows are not vouched for: the end of the chain is not signed with the audit key",
};

/** Says of each chain whether it is as it was written, and returns the exit code. */
export async function verifyAudit(
  output: Output,
  environment: NodeJS.ProcessEnv,
  tenant: string | undefined,
): Promise<number> {
  const chains = await withAudit(environment, async (audit, key) => {
    const found: ChainReport[] = [];
    const tenants = tenant === undefined ? await audit.tenants() : [tenant];
    for (const each of tenants) found.push(await verifyChain(audit, key, each));
    return found;
  });
  const ok = chains.every(({ problem }) => problem === null);
  output.result({ ok, chains }, () => text(chains, output.paint));
  return ok ? EXIT.ok : EXIT.failed;
}

function text(chains: readonly ChainReport[], paint: Paint): string {
  if (chains.length === 0) return "No act has been written down yet.";
  return chains.map((chain) => describe(chain, paint)).join("\n");
}

function describe(chain: ChainReport, paint: Paint): string {
  const { tenant, entries, checkpoints, problem, first_bad_seq: seq, signed_up_to: signed } = chain;
  const name = printable(tenant);
  if (problem === null) return `${paint("green", "✓")} ${name}  ${entries} acts, ${checkpoints} checkpoints`;
  return `${paint("red", "✗")} ${name}  act ${seq} ${PROBLEMS[problem]}; all up to ${signed} are as they were signed`;
}
