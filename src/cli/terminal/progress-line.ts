import type { Progress } from '../../core/executor.ts';
import type { NodeKey } from '../../core/node.ts';
import { formatBytes, formatCount, formatDuration } from './output.ts';

const barWidth = 20;
const leastKeyWidth = 16;
/** The rate is that of so many last seconds. */
const rateSeconds = 10;

interface Sample {
  readonly atMs: number;
  readonly rows: number;
}

/** A step that is at work, as it has told so far. */
export interface RunningStep {
  readonly key: NodeKey;
  readonly startedAtMs: number;
  readonly progress: Progress;
  /** Oldest first. */
  readonly samples: readonly Sample[];
}

export function withProgress(step: RunningStep, told: Progress, atMs: number): RunningStep {
  const progress = { ...step.progress, ...told };
  if (told.rows === undefined) return { ...step, progress };
  const last = step.samples.at(-1);
  if (last && atMs - last.atMs < 250) return { ...step, progress };
  const recent = step.samples.filter(
    (_, index, all) => atMs - (all[index + 1]?.atMs ?? atMs) < rateSeconds * 1000,
  );
  return { ...step, progress, samples: [...recent, { atMs, rows: told.rows }] };
}

/**
 * One line about a step, no wider than asked: what it has done, how fast, and when it will be done. The less important
 * facts go first where there is no room, then the key is cut.
 */
export function progressLine(step: RunningStep, nowMs: number, width: number): string {
  const facts = factsOf(step, nowMs);
  const room = width - '… '.length;
  while (
    facts.length > 1 &&
    room - textWidth(join(facts)) - 2 < Math.min(leastKeyWidth, textWidth(step.key))
  ) {
    const least = Math.max(...facts.map(({ rank }) => rank));
    facts.splice(
      facts.findIndex(({ rank }) => rank === least),
      1,
    );
  }
  const said = join(facts);
  return `… ${cut(step.key, room - textWidth(said) - 2)}  ${said}`;
}

interface Fact {
  readonly text: string;
  /** Those with the greatest go first. */
  readonly rank: number;
}

function factsOf(step: RunningStep, nowMs: number): Fact[] {
  const { rows, bytes, totalRows, phase } = step.progress;
  // Statistics may be behind: past their number nothing is known.
  const total = rows !== undefined && totalRows !== undefined && rows < totalRows ? totalRows : undefined;
  const rate = rateOf(step, nowMs);
  const facts: Fact[] = [];
  if (rows !== undefined && total !== undefined) {
    const full = Math.round((rows / total) * barWidth);
    facts.push(
      { text: `${'█'.repeat(full)}${'·'.repeat(barWidth - full)}`, rank: 5 },
      { text: `${Math.floor((rows / total) * 100)}%`, rank: 2 },
    );
  }
  if (rows) facts.push({ text: `${formatCount(rows)} rows`, rank: 1 });
  if (rate > 0) facts.push({ text: `${formatCount(rate)}/s`, rank: 3 });
  if (bytes) facts.push({ text: formatBytes(bytes), rank: 4 });
  if (rows !== undefined && total !== undefined && rate > 0)
    facts.push({ text: `ETA ${wholeSeconds(((total - rows) / rate) * 1000)}`, rank: 2 });
  if (phase !== undefined && phase !== 'loading') facts.push({ text: phase, rank: 3 });
  facts.push({ text: wholeSeconds(nowMs - step.startedAtMs), rank: 0 });
  return facts;
}

/** Rows a second lately. */
function rateOf({ samples, startedAtMs, progress: { rows = 0 } }: RunningStep, nowMs: number): number {
  const [first] = samples;
  const since = first && samples.length > 1 ? first : { atMs: startedAtMs, rows: 0 };
  const seconds = (nowMs - since.atMs) / 1000;
  return seconds < 0.2 ? 0 : (rows - since.rows) / seconds;
}

/** What changes all the time needs no tenths. */
function wholeSeconds(milliseconds: number): string {
  const seconds = Math.max(1, Math.round(milliseconds / 1000));
  return seconds < 60 ? `${seconds} s` : formatDuration(seconds * 1000);
}

function join(facts: readonly Fact[]): string {
  return facts.map(({ text }) => text).join('  ');
}

/** Letters that take two places on a terminal. */
const wide =
  /[\u1100-\u115F\u2E80-\uA4CF\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF00-\uFF60\uFFE0-\uFFE6]|\p{Extended_Pictographic}/u;

function textWidth(text: string): number {
  let width = 0;
  for (const letter of text) width += wide.test(letter) ? 2 : 1;
  return width;
}

/** The end of a key tells more than its beginning. */
function cut(key: string, width: number): string {
  if (textWidth(key) <= width) return key;
  const letters = Array.from(key);
  while (letters.length > 1 && textWidth(letters.join('')) > width - 1) letters.shift();
  return `…${letters.join('')}`;
}
