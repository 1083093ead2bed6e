import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { StepStateEvent } from '../../core/run-event.ts';
import { RunProgressView } from './run-progress.ts';

beforeEach(() => vi.useFakeTimers({ now: 0 }));
afterEach(() => vi.useRealTimers());

// eslint-disable-next-line no-control-regex
const colour = /\u001B\[\d+m/g;
// eslint-disable-next-line no-control-regex
const piece = /\u001B\[(\d+)A|(\u001B\[0J)|([^\u001B\n]*(?:\u001B\[K)?\n)/g;

class Terminal {
  written = '';
  readonly isTTY: boolean;
  readonly columns = 80;
  readonly rows = 5;
  constructor(isTTY: boolean) {
    this.isTTY = isTTY;
  }
  write(text: string): boolean {
    this.written += text;
    return true;
  }
  /** What a person would see, without colours. */
  get screen(): string {
    const lines: string[] = [];
    let row = 0;
    const plain = this.written.replaceAll(colour, '');
    for (const [, up, , text] of plain.matchAll(piece)) {
      if (up !== undefined) row -= Number(up);
      else if (text === undefined) lines.length = row;
      else lines[row++] = text.replace('\u001B[K', '').trimEnd();
    }
    return lines.join('\n');
  }
}

function state(
  step: string,
  of: StepStateEvent['state'],
  more: Partial<StepStateEvent> = {},
): StepStateEvent {
  return {
    type: 'step_state',
    sequence: 1,
    runId: 'r',
    step,
    state: of,
    attempt: 1,
    atMs: Date.now(),
    ...more,
  };
}

function view(isTTY: boolean): { readonly terminal: Terminal; readonly shown: RunProgressView } {
  const terminal = new Terminal(isTTY);
  return { terminal, shown: new RunProgressView(9, 'warn', terminal as unknown as NodeJS.WriteStream) };
}

test('lines that change stay below those that stay, and are gone at the end', () => {
  const { terminal, shown } = view(true);
  shown.show(state('a', 'running'));
  shown.show(state('b', 'running'));
  vi.advanceTimersByTime(3000);
  expect(terminal.screen).toBe('… a  3 s\n… b  3 s');
  shown.show({
    type: 'step_log',
    sequence: 2,
    runId: 'r',
    step: 'a',
    attempt: 1,
    level: 'warn',
    message: 'odd',
    atMs: 3000,
  });
  shown.show(state('a', 'succeeded', { outcome: { rows: 7, metadata: {} } }));
  expect(terminal.screen).toBe('  warn a: odd\n✓ 1/9 a  3.0 s  7 rows\n… b  3 s');
  shown.end();
  expect(terminal.screen).not.toContain('…');
});

test('no more lines than the terminal has; what is over at once is only told as it ends', () => {
  const { terminal, shown } = view(true);
  for (const key of ['a', 'b', 'c', 'd', 'e']) shown.show(state(key, 'running'));
  vi.advanceTimersByTime(200);
  expect(terminal.written).toBe('');
  vi.advanceTimersByTime(2000);
  expect(terminal.screen).toBe('… a  2 s\n… b  2 s\n… and 3 more');
  shown.end();
});

test('elsewhere than on a terminal only what has ended is told', () => {
  const { terminal, shown } = view(false);
  shown.show(state('a', 'running'));
  vi.advanceTimersByTime(5000);
  shown.show({ type: 'step_progress', runId: 'r', step: 'a', progress: { rows: 3 }, atMs: 5000 });
  expect(terminal.written).toBe('');
  shown.show(state('a', 'succeeded', { outcome: { rows: 7, metadata: {} } }));
  shown.end();
  expect(terminal.written).toBe('✓ 1/9 a  5.0 s  7 rows\n');
});
