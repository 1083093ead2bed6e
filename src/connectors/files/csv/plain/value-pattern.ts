/** A pattern as an automaton over bytes: state 0 is the first one. */
export interface ValuePattern {
  readonly stateCount: number;
  /** `next[state * 256 + byte]`; -1 where no value goes on like that. */
  readonly next: Int32Array;
  readonly accepts: readonly boolean[];
}

type Part =
  | { readonly kind: 'byte'; readonly bytes: ReadonlySet<number> }
  | { readonly kind: 'sequence'; readonly parts: readonly Part[] }
  | { readonly kind: 'choice'; readonly parts: readonly Part[] }
  | { readonly kind: 'repeat'; readonly part: Part; readonly least: number; readonly most: number };

/**
 * Compiles a regular expression that a whole text is held against. Knows what the patterns of columns are written
 * in: ASCII letters, `[a-z]`, `( | )`, `?`, `*`, `+`, `{n}`, `{m,n}`.
 */
export function valuePattern(source: string): ValuePattern {
  const machine = new Machine();
  const end = machine.add(parsed(source), machine.newState());
  return determined(machine, end);
}

/** Any text at all. */
export const anyText: ValuePattern = { stateCount: 1, next: new Int32Array(256), accepts: [true] };

function parsed(source: string): Part {
  let at = 0;

  function choice(): Part {
    const parts = [sequence()];
    while (source[at] === '|') {
      at += 1;
      parts.push(sequence());
    }
    return parts.length === 1 && parts[0] ? parts[0] : { kind: 'choice', parts };
  }

  function sequence(): Part {
    const parts: Part[] = [];
    while (at < source.length && source[at] !== '|' && source[at] !== ')') parts.push(repeated(single()));
    return { kind: 'sequence', parts };
  }

  function single(): Part {
    const letter = source.charAt(at);
    at += 1;
    if (letter === '(') {
      const inner = choice();
      at += 1;
      return inner;
    }
    return { kind: 'byte', bytes: letter === '[' ? oneOf() : new Set([letter.charCodeAt(0)]) };
  }

  function oneOf(): ReadonlySet<number> {
    const bytes = new Set<number>();
    while (source[at] !== ']') {
      const first = source.charCodeAt(at);
      const isRange = source[at + 1] === '-' && source[at + 2] !== ']';
      const last = isRange ? source.charCodeAt(at + 2) : first;
      for (let byte = first; byte <= last; byte += 1) bytes.add(byte);
      at += isRange ? 3 : 1;
    }
    at += 1;
    return bytes;
  }

  function repeated(part: Part): Part {
    const [text, one, least, most] = /^(?:([?*+])|\{(\d+)(?:,(\d+))?\})/.exec(source.slice(at)) ?? [];
    if (text === undefined) return part;
    at += text.length;
    if (one === '?') return { kind: 'repeat', part, least: 0, most: 1 };
    if (one !== undefined) return { kind: 'repeat', part, least: one === '+' ? 1 : 0, most: Infinity };
    return { kind: 'repeat', part, least: Number(least), most: Number(most ?? least) };
  }

  return choice();
}

/** States between which one may go by a byte, or by nothing. */
class Machine {
  readonly byByte: { readonly bytes: ReadonlySet<number>; readonly to: number }[][] = [];
  readonly freely: number[][] = [];

  newState(): number {
    this.byByte.push([]);
    return this.freely.push([]) - 1;
  }

  /** Adds what `part` means from a state on, and gives the state after it. */
  add(part: Part, from: number): number {
    switch (part.kind) {
      case 'byte': {
        const to = this.newState();
        this.byByte[from]?.push({ bytes: part.bytes, to });
        return to;
      }
      case 'sequence':
        return part.parts.reduce((state, next) => this.add(next, state), from);
      case 'choice': {
        const ends = part.parts.map((option) => this.add(option, this.#after(from)));
        const end = this.newState();
        for (const one of ends) this.freely[one]?.push(end);
        return end;
      }
      case 'repeat':
        return this.#repeat(part.part, part.least, part.most, from);
    }
  }

  #repeat(part: Part, least: number, most: number, from: number): number {
    let at = from;
    for (let count = 0; count < least; count += 1) at = this.add(part, at);
    if (most === Infinity) {
      const loop = this.#after(at);
      this.freely[this.add(part, loop)]?.push(loop);
      return loop;
    }
    const end = this.#after(at);
    for (let count = least; count < most; count += 1) {
      at = this.add(part, at);
      this.freely[at]?.push(end);
    }
    return end;
  }

  #after(from: number): number {
    const state = this.newState();
    this.freely[from]?.push(state);
    return state;
  }

  /** The states and all that one may go on to by nothing, sorted. */
  closure(states: Iterable<number>): readonly number[] {
    const found = new Set(states);
    for (const state of found) for (const next of this.freely[state] ?? []) found.add(next);
    return [...found].sort((a, b) => a - b);
  }
}

/** One state for each set of states that a machine may be in. */
function determined(machine: Machine, end: number): ValuePattern {
  const sets = [machine.closure([0])];
  const known = new Map([[String(sets[0]), 0]]);
  const rows: Int32Array[] = [];
  for (const set of sets) {
    const row = new Int32Array(256).fill(-1);
    const steps = set.flatMap((state) => machine.byByte[state] ?? []);
    for (const byte of new Set(steps.flatMap(({ bytes }) => [...bytes]))) {
      const next = machine.closure(steps.filter(({ bytes }) => bytes.has(byte)).map(({ to }) => to));
      const key = String(next);
      const state = known.get(key) ?? sets.push(next) - 1;
      known.set(key, state);
      row[byte] = state;
    }
    rows.push(row);
  }
  const next = new Int32Array(256 * rows.length);
  for (const [state, row] of rows.entries()) next.set(row, 256 * state);
  return { stateCount: rows.length, next, accepts: sets.map((set) => set.includes(end)) };
}
