import { type Condition, cronsOf, eager, onCron, onMissing, simpleOperands } from '../../core/condition.ts';
import { ConfigError } from '../../core/errors.ts';
import { type Freshness, parseDuration } from '../../core/freshness.ts';
import type { Graph } from '../../core/graph.ts';
import type { JsonValue } from '../../core/json.ts';
import { didYouMean } from '../../core/near-name.ts';
import type { GraphNode, NodeKey } from '../../core/node.ts';
import type { Origin } from '../../core/origin.ts';
import { selectNodes } from '../../core/selection.ts';
import { createTimetable } from '../../engine/index.ts';

/** Made by themselves, and how old they may be: of the nodes of `select`. */
export interface AutomationRule {
  readonly select: string;
  readonly when: Condition;
}

export interface FreshnessRule extends FreshnessDefinition {
  readonly select: string;
}

/** One of `maxAge`, `deadline` and `window`. */
export interface FreshnessDefinition {
  /** Such as `6h`, `90m`, `1d 12h`. */
  readonly maxAge?: string;
  /** From here on it is `warn`; shorter than `maxAge`. */
  readonly warnAfter?: string;
  /** A cron: at each of its times the node has to have been made since the time before. */
  readonly deadline?: string;
  /** Such as `6h`: each window of time has to be made so long after its end, from the first one that was made on. */
  readonly window?: string;
  /** Of `deadline`. Default UTC. */
  readonly timeZone?: string;
}

/** What is expected of nodes, by key. A later rule of the project goes before an earlier one, and what stands at the node before both. */
export interface NodeAutomation {
  readonly conditions: ReadonlyMap<NodeKey, Condition>;
  readonly freshness: ReadonlyMap<NodeKey, Freshness>;
}

/** @throws ConfigError for a condition, duration, cron or selection that cannot be right */
export function nodeAutomation(
  graph: Graph,
  rules: { readonly automation?: readonly AutomationRule[]; readonly freshness?: readonly FreshnessRule[] },
  origin: Origin,
): NodeAutomation {
  const conditions = new Map<NodeKey, Condition>();
  const freshness = new Map<NodeKey, Freshness>();
  for (const { select, when } of rules.automation ?? []) {
    const condition = readCondition(when, origin);
    for (const key of runnable(graph, select, origin)) conditions.set(key, condition);
  }
  for (const { select, ...rule } of rules.freshness ?? []) {
    const expected = readFreshness({ ...rule }, origin);
    for (const key of runnable(graph, select, origin)) freshness.set(key, expected);
  }
  for (const node of graph.nodes) {
    const written = writtenAt(node);
    if (written['automation'] !== undefined) {
      if (node.executor === undefined) throw notRun(node);
      conditions.set(node.key, readCondition(written['automation'], node.origin));
    }
    if (written['freshness'] !== undefined)
      freshness.set(node.key, readFreshness(written['freshness'], node.origin));
  }
  requireWindows(graph, freshness, origin);
  return { conditions, freshness };
}

function requireWindows(graph: Graph, freshness: ReadonlyMap<NodeKey, Freshness>, origin: Origin): void {
  for (const [key, { windowLagSeconds }] of freshness) {
    const isOfTime = graph.byKey.get(key)?.partitions?.dimensions.some(({ kind }) => kind === 'time');
    if (windowLagSeconds === undefined || isOfTime) continue;
    throw mistake(
      `${key} has no windows of time to be fresh`,
      origin,
      'Write maxAge, or give it partitions of time.',
    );
  }
}

/** Of loads and of code beside what else they say, of dbt's nodes in `meta.millrace`. */
function writtenAt({ spec }: GraphNode): Readonly<Record<string, JsonValue | undefined>> {
  const meta = objectAt(objectAt(spec['config'])['meta']);
  return { ...objectAt(meta['millrace']), ...objectAt(spec['millrace']) };
}

function objectAt(value: JsonValue | undefined): Readonly<Record<string, JsonValue | undefined>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, JsonValue>>)
    : {};
}

/** Checks come with their assets. */
function runnable(graph: Graph, select: string, origin: Origin): readonly NodeKey[] {
  try {
    return selectNodes(graph, { select }).filter((key) => {
      const node = graph.byKey.get(key);
      return node?.executor !== undefined && node.kind !== 'check';
    });
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    throw mistake(error.message, origin, error.next);
  }
}

const named: Readonly<Record<string, () => Condition>> = { eager, on_missing: onMissing };
const keys = ['on_cron', 'all', 'any', 'not', 'since'];

/** `eager`, `on_missing`, `{ on_cron, time_zone }`, an operand, `{ all | any: [...] }`, `{ not }`, `{ since, reset }`; or what `eager()` gives. */
export function readCondition(value: JsonValue, origin: Origin): Condition {
  if (typeof value === 'string') {
    const made = named[value];
    if (made) return made();
    const operand = simpleOperands.find((name) => name === value);
    if (operand) return { kind: operand };
    const known = [...Object.keys(named), ...simpleOperands];
    throw mistake(
      `there is no condition '${value}'`,
      origin,
      didYouMean(value, known) ?? `Known: ${known.join(', ')}`,
    );
  }
  const found = objectAt(value);
  const inner = (part: JsonValue | undefined): Condition => {
    if (part === undefined) throw mistake('a part of the condition is missing', origin);
    return readCondition(part, origin);
  };
  const list = (parts: JsonValue | undefined): readonly Condition[] => {
    if (!Array.isArray(parts) || parts.length === 0) throw mistake('all and any need a list', origin);
    return (parts as readonly JsonValue[]).map((part) => inner(part));
  };
  if (found['kind'] !== undefined) return checkedCondition(found, inner, list, origin);
  if (found['on_cron'] !== undefined)
    return withCrons(
      onCron(textOf(found['on_cron'], 'on_cron', origin), zoneOf(found['time_zone'], origin)),
      origin,
    );
  if (found['all'] !== undefined) return { kind: 'and', of: list(found['all']) };
  if (found['any'] !== undefined) return { kind: 'or', of: list(found['any']) };
  if (found['not'] !== undefined) return { kind: 'not', of: inner(found['not']) };
  if (found['since'] !== undefined)
    return { kind: 'since', of: inner(found['since']), reset: inner(found['reset']) };
  throw mistake(
    `a condition cannot be ${JSON.stringify(value)}`,
    origin,
    `Write eager, or a map with one of ${keys.join(', ')}.`,
  );
}

/** What `eager()` and the like give, and what is put together from it. */
function checkedCondition(
  found: Readonly<Record<string, JsonValue | undefined>>,
  inner: (part: JsonValue | undefined) => Condition,
  list: (parts: JsonValue | undefined) => readonly Condition[],
  origin: Origin,
): Condition {
  const kind = textOf(found['kind'], 'kind', origin);
  if (kind === 'and' || kind === 'or') return { kind, of: list(found['of']) };
  if (kind === 'not') return { kind, of: inner(found['of']) };
  if (kind === 'since') return { kind, of: inner(found['of']), reset: inner(found['reset']) };
  if (kind === 'cron_passed' || kind === 'upstream_updated_since_cron') {
    const cron = textOf(found['cron'], 'cron', origin);
    return withCrons({ kind, cron, timeZone: zoneOf(found['timeZone'], origin) }, origin);
  }
  return inner(kind);
}

function withCrons(condition: Condition, origin: Origin): Condition {
  for (const { cron, timeZone } of cronsOf(condition))
    createTimetable({ name: 'of a condition', cron, timeZone, select: '', origin });
  return condition;
}

function readFreshness(value: JsonValue, origin: Origin): Freshness {
  const given = typeof value === 'string' ? { maxAge: value } : snakeless(objectAt(value));
  const unknown = Object.keys(given).find(
    (key) => !['maxAge', 'warnAfter', 'deadline', 'window', 'timeZone'].includes(key),
  );
  if (unknown !== undefined)
    throw mistake(
      `freshness has no '${unknown}'`,
      origin,
      'Known: max_age, warn_after, deadline, window, time_zone',
    );
  const { maxAge, warnAfter, deadline, window, timeZone } = given;
  if ([maxAge, deadline, window].filter((part) => part !== undefined).length !== 1)
    throw mistake('freshness needs one of max_age, deadline and window', origin, 'Write freshness: 6h');
  if (window !== undefined) {
    if (warnAfter !== undefined) throw mistake("'warn_after' does nothing with a window", origin);
    return { windowLagSeconds: seconds(window, origin) };
  }
  if (deadline !== undefined) {
    if (warnAfter !== undefined) throw mistake("'warn_after' does nothing with a deadline", origin);
    const cron = textOf(deadline, 'deadline', origin);
    const zone = zoneOf(timeZone, origin);
    createTimetable({ name: 'of a deadline', cron, timeZone: zone, select: '', origin });
    return { deadline: { cron, timeZone: zone } };
  }
  const maxAgeSeconds = seconds(maxAge, origin);
  if (warnAfter === undefined) return { maxAgeSeconds };
  const warnAgeSeconds = seconds(warnAfter, origin);
  if (warnAgeSeconds >= maxAgeSeconds) throw mistake("'warn_after' has to be shorter than 'max_age'", origin);
  return { maxAgeSeconds, warnAgeSeconds };
}

/** Names as YAML has them are names as TypeScript has them. */
function snakeless(
  given: Readonly<Record<string, JsonValue | undefined>>,
): Readonly<Record<string, JsonValue | undefined>> {
  return Object.fromEntries(
    Object.entries(given).map(([key, value]) => [
      key.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()),
      value,
    ]),
  );
}

function seconds(value: JsonValue | undefined, origin: Origin): number {
  const found = typeof value === 'string' ? parseDuration(value) : undefined;
  if (found === undefined)
    throw mistake(`${JSON.stringify(value)} is no duration`, origin, 'Write 90m, 6h, 1d.');
  return found;
}

function textOf(value: JsonValue | undefined, name: string, origin: Origin): string {
  if (typeof value === 'string') return value;
  throw mistake(`'${name}' has to be a text`, origin);
}

function zoneOf(value: JsonValue | undefined, origin: Origin): string {
  return value === undefined ? 'UTC' : textOf(value, 'time_zone', origin);
}

function notRun({ key, origin }: GraphNode): ConfigError {
  return mistake(`${key} is kept up to date by others, so it cannot be made by itself`, origin);
}

function mistake(what: string, origin: Origin, next?: string): ConfigError {
  return new ConfigError(what, {
    code: 'automation_invalid',
    origin,
    ...(next === undefined ? {} : { next }),
  });
}
