/**
 * The service's contract with made-up runs behind it, for working on the page alone.
 *
 * Any token signs in; `wrong` does not. Jobs called held, queued, stalled, lost, failed, cancelled, done, broken and
 * large stand still in that state; denied belongs to someone else; one that is started takes a minute.
 * `?mock=` in the page's address: `no-sse` and `no-stream` block the streams, `offline` everything.
 */
import { createHash, randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import type { Connect, Plugin } from "vite";
import type { Finding } from "../src/api/jobs.ts";
import { curve, job, type Run, STAGES, snapshot } from "./run.ts";
import { otherPlaces, timetable } from "./university.ts";

const EVERY_MS = 500;
/** As the service sends it: the built page must do with it. */
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
  "base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

const now = () => Date.now() / 1000;
const made = (id: string, more: Partial<Run> = {}): Run => ({
  id,
  instance: "small-university",
  owner: "office",
  startedAt: now() - 180,
  seconds: 300,
  numCourses: 60,
  ...more,
});

const runs = new Map<string, Run>(
  [
    made("held", { held: 42.37, instance: "comp01" }),
    made("queued", { status: "queued", startedAt: now() - 5 }),
    made("stalled", { held: 63.1, stalled: true }),
    made("lost", { held: 57.2, lost: true }),
    made("failed", {
      held: 33,
      status: "failed",
      error: "room 'B2': capacity must be >= 1, got 0",
    }),
    made("cancelled", { held: 81, status: "cancelled", startedAt: now() - 7200 }),
    made("done", { status: "completed", startedAt: now() - 4000, instance: "comp05" }),
    made("broken", { status: "completed", startedAt: now() - 90000, broken: true }),
    made("large", {
      status: "completed",
      startedAt: now() - 200000,
      numCourses: 3000,
      instance: "whole-university",
    }),
  ].map((run) => [run.id, run]),
);

/** What is blocked, as the page's address asks for. */
let blocked: string[] = [];
let signedIn = false;

export function mockService(): Plugin {
  const serve = (server: { middlewares: Connect.Server; httpServer: unknown }) => {
    server.middlewares.use((request, response, next) => {
      void answer(request, response).then((known) => known || next());
    });
    const http = server.httpServer as NodeJS.EventEmitter | null;
    http?.on("upgrade", (request: IncomingMessage, socket: Duplex) => {
      const id = /^\/api\/generation\/ws\/([^/]+)\//.exec(request.url ?? "")?.[1];
      if (id !== undefined) speak(request, socket, runs.get(id));
    });
  };
  return {
    name: "mock-service",
    apply: (_, { command, mode }) => command === "serve" && mode !== "test",
    configureServer: serve,
    configurePreviewServer: (server) => {
      server.middlewares.use((_, response, next) => {
        response.setHeader("Content-Security-Policy", POLICY);
        next();
      });
      serve(server);
    },
  };
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<boolean> {
  const url = new URL(request.url ?? "/", "http://localhost");
  if (!url.pathname.startsWith("/api/")) {
    const isPage = url.pathname === "/" || url.pathname.startsWith("/jobs/");
    if (isPage) blocked = (url.searchParams.get("mock") ?? "").split(",");
    return false;
  }
  if (blocked.includes("offline")) {
    request.socket.destroy();
    return true;
  }
  const body = await readAll(request);
  const [status, content] = route(request, response, url, body) ?? [0, null];
  if (status === 0) return true;
  response.statusCode = status;
  response.setHeader("Cache-Control", "no-store");
  if (typeof content === "string") response.end(content);
  else {
    const type = status < 400 ? "application/json" : "application/problem+json";
    response.setHeader("Content-Type", type);
    response.end(status === 204 ? undefined : JSON.stringify(content));
  }
  return true;
}

type Answer = [status: number, content: unknown] | null;

const problem = (status: number, title: string, detail = ""): Answer => [
  status,
  { type: "about:blank", title, status, detail },
];

function route(request: IncomingMessage, response: ServerResponse, url: URL, body: string): Answer {
  const { method } = request;
  if (url.pathname === "/api/session/") {
    if (method === "DELETE") signedIn = false;
    if (method === "POST") signedIn = request.headers.authorization !== "Bearer wrong";
    if (method === "DELETE" || (method === "POST" && signedIn)) return [204, null];
    return signedIn ? [200, { name: "office", is_admin: false }] : problem(401, "Sign in first");
  }
  if (!signedIn) return problem(401, "Sign in first");
  if (url.pathname === "/api/stages") {
    return [200, { plan: url.searchParams.get("plan"), stages: STAGES }];
  }
  if (url.pathname === "/api/instances/") return [200, { instances: instances() }];
  if (url.pathname === "/api/instances/check/") return check(body);
  if (url.pathname === "/api/generation-jobs/generate/") {
    const id = randomUUID();
    runs.set(id, made(id, { startedAt: now(), seconds: 60 }));
    return [202, { job_id: id, status: "queued", links: {} }];
  }
  if (url.pathname === "/api/generation-jobs/") {
    const jobs = [...runs.values()].sort((a, b) => b.startedAt - a.startedAt).map(job);
    const shown = blocked.includes("empty") ? [] : jobs;
    return [200, { jobs: shown, total: shown.length }];
  }
  const [, kind, id = "", rest = ""] =
    /^\/api\/(?:generation\/)?(generation-jobs|progress|stream)\/([^/]+)\/(.*)$/.exec(
      url.pathname,
    ) ?? [];
  if (id === "denied") return problem(403, "Not yours", "This job belongs to someone else.");
  const run = runs.get(id);
  if (!run) return problem(404, "No such job");
  if (kind === "progress") return [200, snapshot(run)];
  if (kind === "stream") return stream(request, response, run);
  return ofJob(run, rest, url.searchParams);
}

function ofJob(run: Run, rest: string, asked: URLSearchParams): Answer {
  if (rest === "cancel/" || rest === "finish/") {
    run.held = snapshot(run).overall_progress;
    run.status = rest === "cancel/" ? "cancelled" : "completed";
    return [202, { job_id: run.id, status: run.status }];
  }
  if (rest === "timetable/") {
    if (run.status === "failed") return problem(404, "No timetable");
    return [200, timetable(run.instance, run.numCourses, run.broken)];
  }
  if (rest === "places/") {
    const made = timetable(run.instance, run.numCourses, run.broken);
    const [day, period] = [Number(asked.get("day")), Number(asked.get("period"))];
    return [200, otherPlaces(made, asked.get("course") ?? "", day, period)];
  }
  const files = ["timetable.sol", "timetable.json", "curve.csv"].map((name) => ({
    name,
    media_type: "text/plain",
    size_bytes: 12_345,
    url: `/api/generation-jobs/${run.id}/files/${name}`,
  }));
  if (rest === "files/") return [200, { files }];
  if (rest === "files/curve.csv") return [200, curve(run)];
  return rest === "" ? [200, job(run)] : problem(404, "No such file");
}

const instances = () =>
  [
    ["comp01.ctt", 4_812],
    ["comp05.ctt", 9_120],
    ["small-university.ectt", 31_400],
    ["unreadable.ctt", 77],
    ["whole-university.ectt", 1_204_000],
  ].map(([name, size_bytes]) => ({ name, size_bytes }));

const finding = {
  needed: 6,
  available: 5,
  courses: [],
  teachers: [],
  curricula: [],
  rooms: [],
  periods: [],
  least_cost: 0,
};
const FINDINGS: Finding[] = [
  {
    ...finding,
    severity: "impossible",
    rule: "course_periods",
    message: "course c0012: 6 lectures must fit into the 5 periods Mon-Fri 1",
    repair: "make it available at 1 more period or leave out 1 lecture",
  },
  ...Array.from({ length: 40 }, (_, n) => ({
    ...finding,
    severity: "warning" as const,
    rule: "fitting_room",
    message: `course c${n + 100}: 312 students, but the largest room it may be in, B, has 200 seats`,
    repair: "find a larger room, split the course, or correct the number of students",
    least_cost: 112,
  })),
];

function check(body: string): Answer {
  const name = /name="instance(?:_name)?"(?:; filename="(.*?)")?(?:\r\n[^\r\n]+)*\r\n\r\n(.*)/.exec(
    body,
  );
  const called = name?.[1] ?? name?.[2] ?? "";
  if (called.startsWith("unreadable")) {
    return [
      200,
      {
        name: called,
        summary: {},
        errors: ["line 3: expected 'Rooms: N', got 'Romos: 6'"],
        notes: [],
        findings: [],
      },
    ];
  }
  const findings = called.startsWith("comp05") ? FINDINGS : [];
  const summary = { courses: 30, lectures: 160, rooms: 6, curricula: 14, periods: 30 };
  return [200, { name: called, summary, errors: [], notes: [], findings }];
}

function stream(request: IncomingMessage, response: ServerResponse, run: Run): Answer {
  if (blocked.includes("no-sse") || blocked.includes("no-stream")) return problem(503, "Blocked");
  response.writeHead(200, { "Content-Type": "text/event-stream", "Cache-Control": "no-store" });
  const send = (event: string, data: { seq?: number }) =>
    response.write(`event: ${event}\nid: ${data.seq ?? 0}\ndata: ${JSON.stringify(data)}\n\n`);
  tellAll(
    run,
    send,
    () => response.end(),
    (end) => request.on("close", end),
  );
  return null;
}

/** The events of a run, over whatever carries them. */
function tellAll(
  run: Run,
  send: (event: string, data: { seq?: number }) => void,
  close: () => void,
  whenGone: (end: () => void) => void,
): void {
  send("connected", { job_id: run.id } as { seq?: number });
  const tick = () => {
    const latest = snapshot(run);
    const isOver = !["running", "queued", "initializing"].includes(latest.status);
    send(isOver ? "done" : "progress", latest);
    if (!isOver && !run.lost) return;
    clearInterval(timer);
    if (isOver) close();
  };
  const timer = setInterval(tick, EVERY_MS);
  whenGone(() => clearInterval(timer));
  tick();
}

/** Just enough of WebSocket to send text. */
function speak(request: IncomingMessage, socket: Duplex, run: Run | undefined): void {
  socket.on("error", () => {});
  if (!run || blocked.includes("no-stream")) return void socket.destroy();
  const key = `${request.headers["sec-websocket-key"]}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`;
  const accepted = createHash("sha1").update(key).digest("base64");
  socket.write(
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
      `Sec-WebSocket-Accept: ${accepted}\r\n\r\n`,
  );
  const send = (event: string, data: { seq?: number }) => {
    const text = Buffer.from(JSON.stringify({ event, id: data.seq ?? 0, data }));
    const head =
      text.length < 126 ? [0x81, text.length] : [0x81, 126, text.length >> 8, text.length & 255];
    socket.write(Buffer.concat([Buffer.from(head), text]));
  };
  tellAll(
    run,
    send,
    () => socket.end(),
    (end) => socket.on("close", end),
  );
}

async function readAll(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts).toString();
}
