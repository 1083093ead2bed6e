/** A part of each day in which only urgent alerts are sent; the others wait for its end. */
export interface QuietHours {
  /** `HH:MM`. */
  readonly from: string;
  /** `HH:MM`; before `from` when the hours go over midnight. */
  readonly to: string;
  /** IANA name. */
  readonly timeZone: string;
}

export function isQuiet({ from, to, timeZone }: QuietHours, atMs: number): boolean {
  const now = new Intl.DateTimeFormat('en-GB', {
    timeZone,
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  }).format(atMs);
  return from <= to ? from <= now && now < to : from <= now || now < to;
}
