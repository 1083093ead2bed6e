import { createHmac } from 'node:crypto';
import { post } from '../delivery/http-post.ts';
import type { AlertMessage } from './alert-book.ts';
import type { MailChannel } from './mail.ts';

/** Where alerts go. The addresses and secrets in it are never shown. */
export type AlertChannel =
  | { readonly type: 'slack'; readonly url: string }
  | { readonly type: 'webhook'; readonly url: string; readonly secret: string | undefined }
  | MailChannel;

/** Resolves when the channel has taken the message. Errors as `post` throws them. */
export async function sendAlert(
  channel: AlertChannel,
  project: string,
  message: AlertMessage,
  nowMs: number,
  signal: AbortSignal,
): Promise<void> {
  if (channel.type === 'email') {
    const { sendMail } = await import('./mail.ts');
    return sendMail(channel, message, signal);
  }
  const body = channel.type === 'slack' ? slackBody(message) : webhookBody(project, message);
  const headers = {
    'content-type': 'application/json',
    ...(channel.type === 'webhook'
      ? { 'millrace-delivery': message.id, ...signature(channel.secret, body, nowMs) }
      : {}),
  };
  await post({ url: channel.url, headers, body, signal });
}

function slackBody({ text }: AlertMessage): string {
  const escaped = text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  return JSON.stringify({ text: escaped });
}

function webhookBody(project: string, message: AlertMessage): string {
  const { id, rule, on, subject, state, text, facts, atMs } = message;
  return JSON.stringify({
    id,
    project,
    rule,
    on,
    state,
    subject,
    at: new Date(atMs).toISOString(),
    text,
    ...facts,
  });
}

/** `t` is the time of sending in seconds, `v1` the HMAC-SHA256 of `t.body` in hex. */
function signature(secret: string | undefined, body: string, nowMs: number): Record<string, string> {
  if (secret === undefined) return {};
  const seconds = Math.floor(nowMs / 1000);
  const digest = createHmac('sha256', secret).update(`${seconds}.${body}`).digest('hex');
  return { 'millrace-signature': `t=${seconds},v1=${digest}` };
}
