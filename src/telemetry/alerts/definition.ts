import type { QuietHours } from './quiet-hours.ts';

/** `alerts` of `millrace.config.ts`: who is told when something is wrong. Addresses and secrets may hold `${NAME}` of the environment. */
export interface AlertsDefinition {
  /** By name. */
  readonly channels: Readonly<Record<string, AlertChannelDefinition>>;
  readonly rules: readonly AlertRuleDefinition[];
  /** Alerts that are not urgent wait for the end of these hours. */
  readonly quietHours?: QuietHours;
}

export type AlertChannelDefinition =
  /** An incoming webhook of Slack, or of what understands the same. */
  | { readonly slack: string }
  /** Gets JSON by POST. With `secret` it is signed: see `docs/telemetry.md`. */
  | { readonly webhook: string; readonly secret?: string }
  /** `smtp` is the mail server: `smtp://user:password@host:587`, or `smtps://`. */
  | { readonly email: string | readonly string[]; readonly from: string; readonly smtp: string };

export interface AlertRuleDefinition {
  /**
   * - `run_failed`: a run, or one of `schedule`.
   * - `step_failed`: a step of the nodes in `select`, checks included.
   * - `late`: an asset of `select` was not made for `withinMinutes` (without it: for what its freshness says), or `schedule` did not start that long after its time.
   * - `volume`: an asset of `select` got far more or fewer rows than usual.
   */
  readonly on: 'run_failed' | 'step_failed' | 'late' | 'volume';
  /** Names of channels. */
  readonly to: readonly string[];
  /** Default: made of `on` and what the rule is about. */
  readonly name?: string;
  /** In the selection language. Default: everything. */
  readonly select?: string;
  readonly schedule?: string;
  readonly withinMinutes?: number;
  /** Robust standard deviations from the median that are too far. Default 5. */
  readonly deviations?: number;
  /** Earlier loads that are looked at; there have to be 8 at least. Default 20. */
  readonly history?: number;
  /** Told once, until it was well in between. Default true. */
  readonly firstOnly?: boolean;
  /** Told also when it is well again. Default true. */
  readonly recovered?: boolean;
  /** Told in quiet hours too. Default false. */
  readonly urgent?: boolean;
  /** Text with `{{subject}}`, `{{error}}` and others. */
  readonly template?: string;
}
