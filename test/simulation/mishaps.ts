import type { Process } from "./instance.ts";
import type { World } from "./world.ts";

/** The process ends here and now: nothing that it was about to do happens, and nobody tells it anything any more. */
export function kill(world: World, instance: Process, where: string): void {
  const { scheduler, trace, witness, slots } = world;
  if (!instance.alive) return;
  trace.note(null, () => `${instance.name} KILLED ${where}`);
  scheduler.kill(instance);
  witness.killed();
  const slot = slots.find(({ current }) => current === instance);
  if (slot) slot.current = null;
}

/** Up to a long garbage collection, a suspended machine, or longer than lease and quarantine together. */
const PAUSES = [3_000, 15_000, 45_000, 70_000, 130_000, 200_000];

export function pause(world: World, instance: Process, where: string): void {
  const { scheduler, dice, trace } = world;
  if (!instance.alive || instance.paused) return;
  const until = scheduler.now() + dice.pick(PAUSES);
  trace.note(null, () => `${instance.name} PAUSED ${where} until t=${(until / 1000).toFixed(3)}`);
  scheduler.pause(instance);
  instance.unwellUntil = Math.max(instance.unwellUntil, until);
  scheduler.at(until, { on: null, run: () => resume(world, instance) });
}

export function resume({ scheduler, trace }: World, instance: Process): void {
  if (!instance.paused) return;
  trace.note(null, () => `${instance.name} goes on`);
  scheduler.resume(instance);
}
