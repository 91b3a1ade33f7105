import { render, screen } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import { NOT_FOLLOWED } from "../src/api/follower";
import { Problem } from "../src/api/http";
import { Announcer, announcement } from "../src/components/Announcer";
import { ProblemNotice } from "../src/components/Notice";
import { EndNotice } from "../src/page/EndNotice";
import { ProgressCard } from "../src/page/ProgressCard";
import { snapshot } from "./parts";

function card(fields: Parameters<typeof snapshot>[1], following = {}) {
  const now = snapshot(40, fields);
  const live = { ...NOT_FOLLOWED, snapshot: now, connection: "live" as const, ...following };
  return render(<ProgressCard jobId="job" isTimetable snapshot={now} following={live} />);
}

describe("a running job", () => {
  it("has a bar that is read aloud with stage and time left", () => {
    card({ overall_progress: 80.25 });
    const bar = screen.getByRole("progressbar", { name: "Overall progress" });
    expect(bar.getAttribute("aria-valuenow")).toBe("80.25");
    expect(bar.getAttribute("aria-valuetext")).toMatch(/80.*Improving the schedule.*left/);
  });

  it("shows no name of an algorithm", () => {
    const { container } = card({ message: "GA generation 12/200: cost 61" });
    expect(container.textContent).not.toMatch(/\bGA\b|CP-SAT|generation/);
  });

  it("says in words how fresh it is", () => {
    card({});
    expect(screen.getByText("Live")).toBeTruthy();
  });

  it("says so when it only asks, when nothing gets through, and when the run is silent", () => {
    card({}, { connection: "polling" });
    expect(screen.getByText("Checking every 5 s")).toBeTruthy();
    card({}, { connection: "disconnected" });
    expect(screen.getByText("No news gets through at the moment")).toBeTruthy();
    card({}, { lost: true });
    expect(screen.getByText("This run has gone silent")).toBeTruthy();
  });

  it("never shows 100 before it is completed", () => {
    const { container } = card({ overall_progress: 99.999 });
    expect(container.querySelector(".percent")?.textContent).toMatch(/^99/);
  });
});

describe("the stages", () => {
  it("are the job's own, whatever its flow is", () => {
    const stages = [
      { id: "downloading", label: "Fetching the video", start: 0, end: 15 },
      { id: "transcribing", label: "Listening", start: 15, end: 100 },
    ];
    const { container } = card({ stage: "transcribing", stage_label: "Listening", stages });
    const shown = screen.getAllByRole("listitem").map(({ textContent }) => textContent);
    expect(shown).toEqual(["Fetching the video, done", "Listening, in work"]);
    const ticks = [...container.querySelectorAll<HTMLElement>(".bar-overall .bar-tick")];
    expect(ticks.map(({ style }) => style.left)).toEqual(["15%"]);
  });

  it("are not told of a run of which the state alone is known", () => {
    const nothing = { seq: 0, overall_progress: 0, stage: "loading", stage_label: "Reading" };
    const { container } = card({ ...nothing, status: "cancelled" });
    expect(screen.getByText("Cancelled")).toBeTruthy();
    expect(screen.queryByRole("progressbar")).toBeNull();
    expect(screen.queryByRole("list", { name: "Stages" })).toBeNull();
    expect(container.textContent).not.toMatch(/%|Reading/);
  });
});

describe("what is said aloud", () => {
  it("is said politely", () => {
    render(<Announcer snapshot={snapshot(40)} />);
    expect(screen.getByTestId("announcer").getAttribute("aria-live")).toBe("polite");
  });

  it("is said at each stage and every 10 %, and not in between", () => {
    const at = (percent: number, stage = "ga_optimization") =>
      snapshot(1, { overall_progress: percent, stage, stage_label: stage });
    const said = { stage: "ga_optimization", tens: 7, ended: false };
    expect(announcement(said, at(79.9))).toBe("");
    expect(announcement(said, at(80))).toMatch(/80/);
    expect(announcement(said, at(79.9, "rl_refinement"))).toMatch(/rl_refinement/);
  });

  it("is of no stage and no percentage while the run waits", () => {
    const queued = snapshot(0, { status: "queued" });
    expect(announcement(null, queued)).toBe("Waiting to start.");
    const said = { stage: null, tens: 0, ended: false };
    expect(announcement(said, queued)).toBe("");
    expect(announcement(said, snapshot(1))).toMatch(/^Improving the schedule\. 1/);
  });
});

describe("a run that was out of time", () => {
  it("is not said to need more of it: it was cut off from outside", () => {
    const { container } = render(
      <EndNotice isTimetable snapshot={snapshot(40, { status: "timeout" })} />,
    );
    expect(container.textContent).toMatch(/with a shorter time limit, or ask who runs/);
  });
});

describe("what cannot be shown", () => {
  it.each([
    [403, "This is not yours to see"],
    [404, "There is nothing here"],
    [429, "That was a lot at once"],
    [503, "Prefect is away"],
  ])("says why: %i", (status, words) => {
    render(<ProblemNotice problem={new Problem(status, "Prefect is away")} />);
    expect(screen.getByText(words)).toBeTruthy();
  });
});
