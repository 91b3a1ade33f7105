import { act, renderHook } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import { useResource } from "../src/hooks/useResource";
import { settle } from "./parts";

describe("what is asked for", () => {
  it("stays answered when the answer to an earlier question comes after it", async () => {
    let answer = (_: string) => {};
    const late = new Promise<string>((resolve) => {
      answer = resolve;
    });
    const [first, second] = [() => late, async () => "second"];
    const { result, rerender } = renderHook(({ load }) => useResource<string>(load), {
      initialProps: { load: first },
    });
    rerender({ load: second });
    await act(() => settle());
    expect(result.current.data).toBe("second");
    answer("first");
    await act(() => settle());
    expect(result.current).toMatchObject({ data: "second", loading: false });
  });
});
