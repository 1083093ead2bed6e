let readings = 0;

/** How often templates of this process have asked what is never the same: what depends on it cannot be kept. */
export function clockReadings(): number {
  return readings;
}

export function noteClockReading(): void {
  readings += 1;
}

/** The time for a template, in milliseconds since 1970. */
export function clockMs(): number {
  noteClockReading();
  return Date.now();
}
