import { SECOND, MINUTE } from "../../src/runtime/clock.ts";
import { openInstances, type InstancesStage } from "../stage/engine-stage.ts";
import { createGate, type Gate } from "../stage/gate.ts";
import { answer, type Play } from "../stage/plays.ts";
import type { ServerBehaviour } from "../stage/simulated-authorization-server.ts";

/** Answers that make another refresh token of every request, as servers without a memory of what they answered do. */
export function successor(name: string): Play {
  return () => answer(200, { access_token: `access-${name}`, refresh_token: `refresh-${name}`, expires_in: 3600 });
}

export interface Race extends InstancesStage {
  id: string;
  /** Lets the answer to `a` through. */
  late: Gate;
  first: Promise<unknown>;
}

/** `a` has sent and does not get its answer yet; it is taken for dead, and `b` sends the same refresh token. */
export async function race(forA: Play, forB: Play, server: Partial<ServerBehaviour> = {}): Promise<Race> {
  const stage = await openInstances({ server: { reuse: { windowMs: 10 * MINUTE }, ...server } });
  const { a, b } = stage;
  const id = await stage.connect();
  const late = createGate();
  const answered = (act: Parameters<Play>[0]) => late.passed().then(() => forA(act));
  stage.server.script(answered, forB);
  const first = a.refresh(id);
  await stage.clock.advance(0);
  a.link.state = "down";
  await stage.clock.advance(12 * SECOND);
  await stage.passing(SECOND, b.refresh(id));
  a.link.state = "up";
  return { ...stage, id, late, first };
}
