/** What the service, or the way to it, answered instead of what was asked for (RFC 9457). */
export class Problem extends Error {
  /** HTTP status; 0 if there was no answer at all. */
  readonly status: number;
  readonly type: string;
  readonly title: string;
  readonly detail: string;

  constructor(status: number, title: string, detail = "", type = "about:blank") {
    super(detail || title);
    this.name = "Problem";
    this.status = status;
    this.title = title;
    this.detail = detail;
    this.type = type;
  }

  /** Whether asking again is pointless: not signed in, not allowed, or not there. */
  get isFinal(): boolean {
    return this.status === 401 || this.status === 403 || this.status === 404;
  }
}

export type Fetch = (input: string, init?: RequestInit) => Promise<Response>;

const ownFetch: Fetch = (input, init) => globalThis.fetch(input, init);

/**
 * Ask the service.
 *
 * @throws Problem if it refuses, or cannot be reached.
 */
export async function request(
  path: string,
  init: RequestInit = {},
  fetch: Fetch = ownFetch,
): Promise<Response> {
  const headers = new Headers(init.headers);
  // The service takes a change by cookie only from a page that can set a header: not from another site's form.
  headers.set("X-Horarium", "1");
  headers.set("Accept", "application/json, */*;q=0.5");
  let response: Response;
  try {
    response = await fetch(path, { ...init, headers });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new Problem(0, "The service cannot be reached", "", "/problems/unreachable");
  }
  if (!response.ok) throw await problemOf(response);
  return response;
}

export async function requestJson<T>(path: string, init?: RequestInit, fetch?: Fetch): Promise<T> {
  return (await request(path, init, fetch)).json() as Promise<T>;
}

async function problemOf(response: Response): Promise<Problem> {
  try {
    const told = (await response.json()) as Record<string, unknown>;
    const text = (name: string) => (typeof told[name] === "string" ? told[name] : "");
    return new Problem(
      response.status,
      text("title") || `The service answered ${response.status}`,
      text("detail"),
      text("type") || undefined,
    );
  } catch {
    return new Problem(response.status, `The service answered ${response.status}`);
  }
}
