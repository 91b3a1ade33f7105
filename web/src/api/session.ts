import { request, requestJson } from "./http";

export interface Session {
  name: string;
  is_admin: boolean;
}

const SESSION = "/api/session/";

export function whoAmI(signal?: AbortSignal): Promise<Session> {
  return requestJson(SESSION, { signal });
}

/** Give a token for a cookie that scripts cannot read. */
export async function signIn(token: string): Promise<Session> {
  await request(SESSION, { method: "POST", headers: { Authorization: `Bearer ${token}` } });
  return whoAmI();
}

export async function signOut(): Promise<void> {
  await request(SESSION, { method: "DELETE" });
}

/** Take the token out of the page's address, where it would stay in the history. */
export function takeToken(location: Location, history: History): string | null {
  const token = new URLSearchParams(location.hash.slice(1)).get("token");
  if (token !== null) history.replaceState(null, "", location.pathname + location.search);
  return token;
}
