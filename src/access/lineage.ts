import type { AuditEntry, AuditStore } from "./audit.ts";
import { DEFAULT_TENANT, type ApiKeyStore } from "./store.ts";

/** Who acts, as it is written down. */
type Doer = AuditEntry["actor"];

export interface LineageDeps {
  /** Of all tenants: the operator makes keys for others. */
  audit: Pick<AuditStore, "list">;
  keys: Pick<ApiKeyStore, "find">;
}

/** Longer than any honest line. */
const MOST = 100;
const MADE = ["api_key.created", "api_key.rotated", "operator_session.opened"] as const;

/**
 * May these two be one person? They are, or one of them made the other, or somebody made both: whoever makes a key has it. By the
 * audit log, in which nobody can change who made what. A line that is too long to follow counts as the same.
 */
export async function mayBeOnePerson(
  deps: LineageDeps,
  tenantId: string,
  [one, other]: [Doer, Doer],
): Promise<boolean> {
  const [first, second] = await Promise.all([lineOf(deps, tenantId, one), lineOf(deps, tenantId, other)]);
  return first === null || second === null || [...first].some((each) => second.has(each));
}

/** Whoever made it, and made that, up to who was made by the system or signed in. */
async function lineOf(deps: LineageDeps, tenantId: string, actor: Doer): Promise<Set<string> | null> {
  const line = new Set<string>();
  for (const open = [actor]; open.length > 0;) {
    const next = open.pop();
    if (!next || next.kind === "system" || line.has(nameOf(next))) continue;
    if (line.size === MOST) return null;
    line.add(nameOf(next));
    open.push(...(await makersOf(deps, tenantId, next)));
  }
  return line;
}

async function makersOf({ audit, keys }: LineageDeps, tenantId: string, { kind, id }: Doer): Promise<Doer[]> {
  if (id === null || kind === "operator" || kind === "user") return [];
  const replaced = kind === "api_key" ? ((await keys.find(id))?.replaces ?? null) : null;
  const objects = replaced === null ? [id] : [id, replaced];
  const chains = new Set([tenantId, DEFAULT_TENANT]);
  const queries = [...chains].flatMap((chain) =>
    objects.flatMap((objectId) => MADE.map((act) => ({ ...QUERY, tenantId: chain, act, objectId }))),
  );
  const acts = await Promise.all(queries.map((query) => audit.list(query)));
  const makers = acts.flat().map(({ actor }) => actor);
  return replaced === null ? makers : [...makers, { kind: "api_key", id: replaced }];
}

const QUERY = { limit: MOST, before: null, actorId: null, since: null, until: null } as const;

function nameOf({ kind, id }: Doer): string {
  return `${kind} ${id}`;
}
