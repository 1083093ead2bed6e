import { createHash } from 'node:crypto';
import type { AlertMessage, MessageWriter } from './alert-book.ts';
import type { AlertRule, Verdict } from './alert-rule.ts';

/** Names in `{{ }}` of a template that nothing is known for. */
export function placeholders(template: string): readonly string[] {
  return [...template.matchAll(/\{\{\s*([^{}]*?)\s*\}\}/g)].map(([, name = '']) => name);
}

/** Writes messages of a project. `redact` takes secrets out of what errors say. */
export function messageWriter(project: string, redact: (text: string) => string): MessageWriter {
  return (verdict, state, channel) => {
    const { rule, subject, atMs, facts } = verdict;
    const clean = Object.fromEntries(Object.entries(facts).map(([name, text]) => [name, redact(text)]));
    const said: Record<string, string> = {
      ...clean,
      project,
      rule: rule.name,
      subject,
      state,
      at: new Date(atMs).toISOString(),
    };
    const template = rule.template ?? usualTemplate(rule, state, facts);
    return {
      id: messageId(project, verdict, state, channel),
      channel,
      rule: rule.name,
      on: rule.on,
      subject,
      state,
      text: template.replace(/\{\{\s*([^{}]*?)\s*\}\}/g, (_, name: string) => said[name] ?? '').trim(),
      facts: clean,
      atMs,
      isUrgent: rule.isUrgent,
      attempts: 0,
      nextAtMs: atMs,
    };
  };
}

function messageId(
  project: string,
  { rule, subject, atMs, facts }: Verdict,
  state: string,
  channel: string,
): string {
  return createHash('sha256')
    .update([project, rule.name, subject, state, channel, facts.run ?? '', atMs].join('\n'))
    .digest('hex')
    .slice(0, 32);
}

function usualTemplate(
  { on }: AlertRule,
  state: AlertMessage['state'],
  { run, since }: Verdict['facts'],
): string {
  const more = run === undefined ? '' : '\nmillrace runs show {{run}}';
  if (state === 'recovered') return `{{project}}: {{subject}} is well again (${phrases[on]} before)`;
  switch (on) {
    case 'run_failed':
      return `{{project}}: {{subject}} failed\n{{error}}${more}`;
    case 'step_failed':
      return `{{project}}: {{subject}} failed\n{{error}}${more}`;
    case 'late':
      return since === undefined
        ? '{{project}}: {{subject}} is late, it was never made'
        : '{{project}}: {{subject}} is late, since {{since}}';
    case 'volume':
      return `{{project}}: {{subject}} has {{rows}} rows, usual are {{usual}}${more}`;
  }
}

const phrases: Readonly<Record<AlertRule['on'], string>> = {
  run_failed: 'failed',
  step_failed: 'failed',
  late: 'late',
  volume: 'off its usual range',
};
