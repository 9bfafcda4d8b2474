/** Holds whatever comes to it until a test opens it. */
export interface Gate {
  passed(): Promise<void>;
  open(): void;
}

export function createGate(): Gate {
  const waiting: (() => void)[] = [];
  let isOpen = false;
  return {
    passed: () => new Promise((resolve) => (isOpen ? resolve() : void waiting.push(resolve))),
    open: () => {
      isOpen = true;
      for (const resolve of waiting.splice(0)) resolve();
    },
  };
}
