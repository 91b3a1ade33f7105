import { createContext, useContext } from "react";
import type { Session } from "../api/session";

export interface SessionState {
  session: Session | null;
  /** The service no longer knows the reader: ask for a token again. */
  expire: () => void;
}

export const SessionContext = createContext<SessionState>({ session: null, expire: () => {} });

export function useSession(): SessionState {
  return useContext(SessionContext);
}
