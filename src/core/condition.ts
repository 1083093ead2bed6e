/**
 * When a node is to be made by itself, as plain data.
 *
 * States, true as long as it is so:
 * - `missing`: it was never made.
 * - `stale`: something upstream was made after it began.
 * - `in_progress`: it is in a run that has not finished it.
 * - `upstream_missing`, `upstream_in_progress`: the same of something directly upstream.
 * - `checks_passed`: no `error` check of something directly upstream has failed or goes on.
 * - `upstream_updated_since_cron`: everything directly upstream was made after the cron's last time.
 *
 * Causes, true until a run was asked for:
 * - `upstream_updated`: something directly upstream was made by a run that it was no part of, or is asked for now.
 * - `cron_passed`: a time of the cron has come.
 * - `code_changed`: its definition is another one than when it was last made or first seen.
 *
 * `since` is true from the time `of` was until `reset` is.
 */
export type Condition =
  | { readonly kind: SimpleOperand }
  | { readonly kind: CronOperand; readonly cron: string; readonly timeZone: string }
  | { readonly kind: 'and' | 'or'; readonly of: readonly Condition[] }
  | { readonly kind: 'not'; readonly of: Condition }
  | { readonly kind: 'since'; readonly of: Condition; readonly reset: Condition };

export type SimpleOperand = (typeof simpleOperands)[number];

export type CronOperand = 'cron_passed' | 'upstream_updated_since_cron';

export const simpleOperands = [
  'missing',
  'stale',
  'in_progress',
  'upstream_missing',
  'upstream_in_progress',
  'checks_passed',
  'upstream_updated',
  'code_changed',
] as const;

const atRest: readonly Condition[] = [
  { kind: 'not', of: { kind: 'in_progress' } },
  { kind: 'not', of: { kind: 'upstream_missing' } },
  { kind: 'not', of: { kind: 'upstream_in_progress' } },
  { kind: 'checks_passed' },
];

/** As soon as something upstream was made, or it is missing; once everything upstream is there, at rest and has passed its checks. */
export function eager(): Condition {
  return {
    kind: 'and',
    of: [{ kind: 'or', of: [{ kind: 'upstream_updated' }, { kind: 'missing' }] }, ...atRest],
  };
}

/** Once after each time of the cron, when everything upstream was made since that time. */
export function onCron(cron: string, timeZone = 'UTC'): Condition {
  return {
    kind: 'and',
    of: [
      { kind: 'cron_passed', cron, timeZone },
      { kind: 'upstream_updated_since_cron', cron, timeZone },
      { kind: 'not', of: { kind: 'in_progress' } },
      { kind: 'checks_passed' },
    ],
  };
}

/** When it is missing and everything upstream is there. */
export function onMissing(): Condition {
  return { kind: 'and', of: [{ kind: 'missing' }, ...atRest] };
}

/** The crons that it names, each once. */
export function cronsOf(
  condition: Condition,
): readonly { readonly cron: string; readonly timeZone: string }[] {
  const found = new Map<string, { readonly cron: string; readonly timeZone: string }>();
  const visit = (part: Condition): void => {
    if ('cron' in part) found.set(cronName(part), { cron: part.cron, timeZone: part.timeZone });
    else if (part.kind === 'and' || part.kind === 'or') for (const inner of part.of) visit(inner);
    else if (part.kind === 'not') visit(part.of);
    else if (part.kind === 'since') {
      visit(part.of);
      visit(part.reset);
    }
  };
  visit(condition);
  return [...found.values()];
}

export function cronName({ cron, timeZone }: { readonly cron: string; readonly timeZone: string }): string {
  return `${cron} ${timeZone}`;
}
