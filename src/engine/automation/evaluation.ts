import { type Condition, cronName, type CronOperand, type SimpleOperand } from '../../core/condition.ts';
import type { JsonObject } from '../../core/json.ts';
import type { ConditionFacts, UpstreamFacts } from './condition-facts.ts';

/** How a condition came out, part by part. */
export interface Evaluation extends JsonObject {
  readonly condition: string;
  readonly isTrue: boolean;
  /** The nodes that decided it. */
  readonly because?: readonly string[];
  readonly parts?: readonly Evaluation[];
}

export interface Evaluated {
  readonly evaluation: Evaluation;
  /** For `ConditionMemory.latches`. */
  readonly latches: Readonly<Record<string, boolean>>;
}

const mostNamed = 10;

export function evaluate(condition: Condition, facts: ConditionFacts): Evaluated {
  const latches: Record<string, boolean> = {};
  const visit = (part: Condition, place: string): Evaluation => {
    switch (part.kind) {
      case 'and':
      case 'or': {
        const parts = part.of.map((inner, index) => visit(inner, `${place}.${index}`));
        const isTrue =
          part.kind === 'and' ? parts.every((inner) => inner.isTrue) : parts.some((inner) => inner.isTrue);
        return { condition: part.kind, isTrue, parts };
      }
      case 'not': {
        const inner = visit(part.of, `${place}.0`);
        return { condition: 'not', isTrue: !inner.isTrue, parts: [inner] };
      }
      case 'since': {
        const parts = [visit(part.of, `${place}.0`), visit(part.reset, `${place}.1`)] as const;
        const isTrue = !parts[1].isTrue && (parts[0].isTrue || (facts.memory.latches[place] ?? false));
        latches[place] = isTrue;
        return { condition: 'since', isTrue, parts };
      }
      case 'cron_passed':
      case 'upstream_updated_since_cron':
        return cronOperand(part, facts);
      default:
        return simpleOperand(part.kind, facts);
    }
  };
  return { evaluation: visit(condition, ''), latches };
}

function cronOperand(
  { kind, cron, timeZone }: { readonly kind: CronOperand; readonly cron: string; readonly timeZone: string },
  { cronTimes, memory, upstream }: ConditionFacts,
): Evaluation {
  const name = cronName({ cron, timeZone });
  const lastMs = cronTimes.get(name) ?? 0;
  const condition = `${kind}(${name})`;
  if (kind === 'cron_passed') return { condition, isTrue: lastMs > (memory.crons[name] ?? lastMs) };
  const behind = upstream.filter(
    ({ madeAtMs, requestedFor }) => requestedFor === undefined && (madeAtMs ?? 0) < lastMs,
  );
  return { condition, isTrue: behind.length === 0, ...because(behind) };
}

function simpleOperand(kind: SimpleOperand, facts: ConditionFacts): Evaluation {
  const { made, upstream, memory, code } = facts;
  const some = (test: (up: UpstreamFacts) => boolean): Evaluation => {
    const found = upstream.filter(test);
    return { condition: kind, isTrue: found.length > 0, ...because(found) };
  };
  switch (kind) {
    case 'missing': {
      const { missingPartitions } = facts;
      if (missingPartitions === undefined) return { condition: kind, isTrue: made === undefined };
      const named = missingPartitions === '' ? {} : { because: [missingPartitions] };
      return { condition: kind, isTrue: missingPartitions !== '', ...named };
    }
    case 'in_progress':
      return { condition: kind, isTrue: facts.isInProgress };
    case 'code_changed':
      return { condition: kind, isTrue: code !== memory.code };
    case 'stale':
      return some(({ madeAtMs }) => made !== undefined && (madeAtMs ?? 0) > made.startedAtMs);
    case 'upstream_missing':
      return some(({ madeAtMs, requestedFor }) => madeAtMs === undefined && requestedFor === undefined);
    case 'upstream_in_progress':
      return some(({ isInProgress, requestedFor }) => isInProgress && requestedFor === undefined);
    case 'upstream_updated':
      return some((up) => isUpdated(up, facts));
    case 'checks_passed': {
      const open = upstream.filter(
        ({ openChecks, requestedFor }) => openChecks.length > 0 && requestedFor === undefined,
      );
      const checks = open.flatMap(({ openChecks }) => openChecks).map((key) => ({ key }));
      return { condition: kind, isTrue: open.length === 0, ...because(checks) };
    }
  }
}

/** True when it was made, or is asked for, without the node. */
export function isUpdated(up: UpstreamFacts, { made, memory }: ConditionFacts): boolean {
  if (up.requestedFor !== undefined) return true;
  if (up.madeAtMs === undefined || up.isShared) return false;
  return up.madeAtMs > (made?.startedAtMs ?? 0) && memory.upstream[up.key] !== up.madeAtMs;
}

function because(nodes: readonly { readonly key: string }[]): { readonly because?: readonly string[] } {
  return nodes.length === 0 ? {} : { because: nodes.slice(0, mostNamed).map(({ key }) => key) };
}

/** In one line: what keeps it from being true, or what made it true. */
export function summarize(evaluation: Evaluation): string {
  return parts(evaluation, evaluation.isTrue).join(evaluation.isTrue ? ' and ' : '; ');
}

/** The parts that decide, `wanted` being what the whole came out as. */
function parts(evaluation: Evaluation, wanted: boolean): readonly string[] {
  const { condition, because: named, parts: inner = [] } = evaluation;
  if (condition === 'and' || condition === 'or')
    return inner.filter((part) => part.isTrue === wanted).flatMap((part) => parts(part, wanted));
  if (condition === 'not') return inner.flatMap((part) => parts(part, !wanted));
  const who = named === undefined ? '' : ` (${named.join(', ')})`;
  const text = condition.replaceAll('_', ' ');
  return [evaluation.isTrue ? `${text}${who}` : `not ${text}${who}`];
}
