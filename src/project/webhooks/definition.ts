/** Lets others start runs: `POST /hooks/<name>`. A file under `assets/` exports it. `${NAME}` is of the environment. */
export interface WebhookDefinition {
  readonly name: string;
  /** What its runs run, in the selection language. Empty means everything. */
  readonly select: string;
  /** Signs the body: see `signature`. */
  readonly secret?: string;
  /**
   * How `secret` signs.
   * - `timestamp` (default): `Millrace-Signature: t=<seconds>,v1=<hex>`, the HMAC-SHA256 of `<seconds>.<body>`.
   * - `github`: `X-Hub-Signature-256: sha256=<hex>`, the HMAC-SHA256 of the body.
   */
  readonly signature?: 'timestamp' | 'github';
  /** For `timestamp`: what is older, or further ahead, is refused. Default 300. */
  readonly toleranceSeconds?: number;
  /** Instead of `secret`: `Authorization: Bearer <token>`, 16 characters or more. */
  readonly token?: string;
  /** Web pages that may call it from a browser, such as `https://ml.example.com`. With `token` only. */
  readonly origins?: readonly string[];
  /** Larger bodies are refused. Default 65536, 1 MiB at most. */
  readonly maxBodyBytes?: number;
}

const webhookMark = Symbol.for('millrace.webhook');

export function defineWebhook(definition: WebhookDefinition): WebhookDefinition {
  return Object.assign({ [webhookMark]: true }, definition);
}

export function isWebhookDefinition(value: unknown): value is WebhookDefinition {
  return typeof value === 'object' && value !== null && webhookMark in value;
}
