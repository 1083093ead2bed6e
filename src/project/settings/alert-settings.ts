import { expandEnvironment, type Environment } from '../../config/environment.ts';
import { ConfigError } from '../../core/errors.ts';
import type { Freshness } from '../../core/freshness.ts';
import type { Graph } from '../../core/graph.ts';
import { didYouMean } from '../../core/near-name.ts';
import type { NodeKey } from '../../core/node.ts';
import type { ScheduleDefinition } from '../../core/schedule.ts';
import { selectNodes } from '../../core/selection.ts';
import type { AlertChannel } from '../../telemetry/alerts/alert-channel.ts';
import { type AlertRule, templateNames } from '../../telemetry/alerts/alert-rule.ts';
import { placeholders } from '../../telemetry/alerts/alert-text.ts';
import type {
  AlertChannelDefinition,
  AlertRuleDefinition,
  AlertsDefinition,
} from '../../telemetry/alerts/definition.ts';
import { configFileName } from './config-file.ts';
import { httpUrl } from './http-url.ts';

const origin = { file: configFileName };

/** Channels with the environment's values filled in. One whose address is empty then is off, as on a developer's machine. */
export function alertChannels(
  alerts: AlertsDefinition,
  environment: Environment,
): ReadonlyMap<string, AlertChannel> {
  const filled = (text: string): string => expandEnvironment(text, environment, origin);
  return new Map(
    Object.entries(alerts.channels).flatMap(
      ([name, channel]): readonly (readonly [string, AlertChannel])[] => {
        const place = `alerts.channels.${name}`;
        if ('email' in channel) return mailChannel(channel, place, filled).map((found) => [name, found]);
        const key = 'slack' in channel ? 'slack' : 'webhook';
        const address = filled('slack' in channel ? channel.slack : channel.webhook);
        if (address === '') return [];
        const url = httpUrl(`${place}.${key}`, address);
        const found: AlertChannel =
          'slack' in channel
            ? { type: 'slack', url }
            : { type: 'webhook', url, secret: secretOf(channel, filled) };
        return [[name, found]];
      },
    ),
  );
}

function mailChannel(
  channel: Extract<AlertChannelDefinition, { readonly email: unknown }>,
  place: string,
  filled: (text: string) => string,
): readonly AlertChannel[] {
  const smtp = filled(channel.smtp);
  const written = typeof channel.email === 'string' ? channel.email.split(',') : channel.email;
  const to = written.map((address) => filled(address).trim()).filter((address) => address !== '');
  if (smtp === '' || to.length === 0) return [];
  const url = URL.parse(smtp);
  if (!url || !/^smtps?:$/.test(url.protocol) || url.hostname === '')
    throw new ConfigError(`${place}.smtp is no address of a mail server`, {
      code: 'alert_invalid',
      origin,
      next: 'Write smtp://user:password@host:587, or smtps://; special characters in the password as %40',
    });
  const from = filled(channel.from);
  const wrong = [from, ...to].find((address) => !/^[^@\r\n]+@[^@\r\n]+$/.test(address));
  if (wrong !== undefined)
    throw new ConfigError(`${place}: '${wrong}' is no address of a mailbox`, {
      code: 'alert_invalid',
      origin,
    });
  return [{ type: 'email', smtp, from, to }];
}

function secretOf(
  { secret }: { readonly secret?: string },
  filled: (text: string) => string,
): string | undefined {
  return secret === undefined ? undefined : filled(secret) || undefined;
}

/** What no message may hold: the address of a webhook is its password. */
export function channelSecrets(channels: ReadonlyMap<string, AlertChannel>): readonly string[] {
  return [...channels.values()].flatMap((channel) => {
    if (channel.type === 'email') return mailSecrets(channel.smtp);
    return channel.type === 'webhook' && channel.secret !== undefined
      ? [channel.url, channel.secret]
      : [channel.url];
  });
}

function mailSecrets(smtp: string): readonly string[] {
  const { password } = new URL(smtp);
  return password === '' ? [] : [smtp, password, decodeURIComponent(password)];
}

/** Rules about the graph as it is at each moment. What `isOpen` says is off gets nothing. */
export function alertRules(
  alerts: AlertsDefinition,
  graph: () => Graph,
  isOpen: (channel: string) => boolean,
): readonly AlertRule[] {
  return alerts.rules.map((rule) => ({
    name: nameOf(rule),
    on: rule.on,
    channels: rule.to.filter(isOpen),
    nodes: rule.select === undefined ? undefined : selected(rule.select, graph),
    schedule: rule.schedule,
    withinSeconds: rule.withinMinutes === undefined ? undefined : rule.withinMinutes * 60,
    deviations: rule.deviations ?? 5,
    history: rule.history ?? 20,
    isFirstOnly: rule.firstOnly ?? true,
    tellsRecovery: rule.recovered ?? true,
    isUrgent: rule.urgent ?? false,
    template: rule.template,
  }));
}

/** @throws ConfigError for a rule that names a channel, schedule, node or placeholder that does not exist */
export function checkAlerts(
  alerts: AlertsDefinition,
  graph: Graph,
  schedules: readonly ScheduleDefinition[],
  freshness: ReadonlyMap<NodeKey, Freshness>,
): void {
  const names = new Set<string>();
  const channels = Object.keys(alerts.channels);
  const scheduleNames = schedules.map(({ name }) => name);
  for (const rule of alerts.rules) {
    const name = nameOf(rule);
    if (names.has(name))
      throw mistaken(name, 'there is another rule of that name', 'Give one of them a name of its own');
    names.add(name);
    checkKeys(rule, name);
    checkName(name, 'channel', rule.to, channels);
    checkName(name, 'schedule', rule.schedule === undefined ? [] : [rule.schedule], scheduleNames);
    checkName(name, 'placeholder', placeholders(rule.template ?? ''), templateNames);
    if (rule.select !== undefined) checkSelection(name, rule.select, graph);
    checkExpectation(rule, name, graph, freshness);
  }
}

function nameOf({ name, on, schedule, select }: AlertRuleDefinition): string {
  return name ?? [on, schedule, select].filter((part) => part !== undefined).join(' ');
}

/** Keys that would do nothing are mistakes. */
function checkKeys(
  { on, select, schedule, withinMinutes, deviations, history }: AlertRuleDefinition,
  name: string,
): void {
  if (select !== undefined && on === 'run_failed')
    throw mistaken(
      name,
      "'select' is about nodes, and run_failed about runs",
      "Use on: 'step_failed', or schedule",
    );
  if (schedule !== undefined && on !== 'run_failed' && on !== 'late')
    throw mistaken(name, `'schedule' does nothing with ${on}`, 'Use select');
  if (schedule !== undefined && select !== undefined)
    throw mistaken(name, "it has both 'schedule' and 'select'", 'Make two rules of it');
  if (withinMinutes === undefined && on === 'late' && schedule !== undefined)
    throw mistaken(name, "late with a schedule needs 'withinMinutes'", 'Write withinMinutes: 30');
  if (withinMinutes !== undefined && on !== 'late')
    throw mistaken(name, `'withinMinutes' does nothing with ${on}`, "Use it with on: 'late'");
  if ((deviations !== undefined || history !== undefined) && on !== 'volume')
    throw mistaken(name, `'deviations' and 'history' do nothing with ${on}`, "Use them with on: 'volume'");
}

/** Without `withinMinutes` the freshness of the nodes says when they are late. */
function checkExpectation(
  { on, select, withinMinutes }: AlertRuleDefinition,
  name: string,
  graph: Graph,
  freshness: ReadonlyMap<NodeKey, Freshness>,
): void {
  if (on !== 'late' || withinMinutes !== undefined) return;
  const keys = select === undefined ? freshness.keys() : selectNodes(graph, { select });
  for (const key of keys) if (freshness.has(key)) return;
  throw mistaken(
    name,
    "late needs 'withinMinutes', or nodes with freshness",
    "Write withinMinutes: 120, or freshness: [{ select, maxAge: '6h' }] in the project",
  );
}

function checkName(rule: string, what: string, used: readonly string[], known: readonly string[]): void {
  for (const name of used) {
    if (known.includes(name)) continue;
    throw mistaken(
      rule,
      `there is no ${what} '${name}'`,
      didYouMean(name, known) ?? `Known: ${known.join(', ')}`,
    );
  }
}

function checkSelection(rule: string, select: string, graph: Graph): void {
  try {
    selectNodes(graph, { select });
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    throw mistaken(rule, error.message, error.next ?? 'Correct the selection');
  }
}

/** Keys of a selection, read anew when the project was. A selection that fits nothing any more is empty. */
function selected(select: string, graph: () => Graph): () => ReadonlySet<NodeKey> {
  let known: { readonly graph: Graph; readonly keys: ReadonlySet<NodeKey> } | undefined;
  return () => {
    const now = graph();
    if (known?.graph !== now) known = { graph: now, keys: keysOf(select, now) };
    return known.keys;
  };
}

function keysOf(select: string, graph: Graph): ReadonlySet<NodeKey> {
  try {
    return new Set(selectNodes(graph, { select }));
  } catch {
    return new Set();
  }
}

function mistaken(rule: string, what: string, next: string): ConfigError {
  return new ConfigError(`alert '${rule}': ${what}`, { code: 'alert_invalid', origin, next });
}
