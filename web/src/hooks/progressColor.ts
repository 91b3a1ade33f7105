/** From red at 0 % over yellow to green at 100 %. Never the only sign of anything. */
export function getProgressColor(percent: number): string {
  const hue = (Math.min(100, Math.max(0, percent)) / 100) * 120;
  return `hsl(${Math.round(hue * 100) / 100}, 90%, 50%)`;
}
