/** A promise that the test settles, to order what happens at the same time. */
export interface Gate {
  readonly passed: Promise<void>;
  readonly open: () => void;
}

export function createGate(): Gate {
  const target = new EventTarget();
  const passed = new Promise<void>((resolve) => {
    target.addEventListener("open", () => resolve(), { once: true });
  });
  return { passed, open: () => void target.dispatchEvent(new Event("open")) };
}
