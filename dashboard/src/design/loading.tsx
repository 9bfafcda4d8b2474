import { useEffect, useState } from "react";
import styles from "./loading.module.css";

/** Nothing at first, so that what comes quickly does not flicker; after a while, that it takes long. */
export function Loading({ what }: { what: string }) {
  const waited = useWaited();
  if (waited === 0) return <div aria-busy="true" />;
  return (
    <output className={styles["loading"]}>
      Loading {what}…{waited > 1 && " The service takes long to answer; it is asked again by itself."}
    </output>
  );
}

/** 0 at once, 1 after a moment, 2 after ten seconds. */
function useWaited(): 0 | 1 | 2 {
  const [waited, setWaited] = useState<0 | 1 | 2>(0);
  useEffect(() => {
    const soon = setTimeout(() => setWaited(1), 300);
    const late = setTimeout(() => setWaited(2), 10_000);
    return () => {
      clearTimeout(soon);
      clearTimeout(late);
    };
  }, []);
  return waited;
}
