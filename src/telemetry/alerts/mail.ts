import { createTransport } from 'nodemailer';
import { DataError, TransientError } from '../../core/errors.ts';
import type { AlertMessage } from './alert-book.ts';

/** A mail server and who gets what it is given. */
export interface MailChannel {
  readonly type: 'email';
  /** `smtp://` or `smtps://`, with user and password if the server wants them. Never shown. */
  readonly smtp: string;
  readonly from: string;
  readonly to: readonly string[];
}

const timeoutMilliseconds = 10_000;
const longestSubject = 200;

/**
 * Resolves when the server has taken the message for one receiver at least. Throws a `DataError` `receiver_refused` for what it
 * will never take, a `TransientError` `receiver_unavailable` for all else. A password is sent through TLS only, but for this machine's own server.
 */
export async function sendMail(
  channel: MailChannel,
  message: AlertMessage,
  signal: AbortSignal,
): Promise<void> {
  const url = new URL(channel.smtp);
  const isLocal = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(url.hostname);
  const auth =
    url.username === ''
      ? {}
      : { auth: { user: decodeURIComponent(url.username), pass: decodeURIComponent(url.password) } };
  const isSecure = url.protocol === 'smtps:';
  const transport = createTransport({
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? (isSecure ? 465 : 587) : Number(url.port),
    secure: isSecure,
    requireTLS: url.username !== '' && !isLocal,
    connectionTimeout: timeoutMilliseconds,
    greetingTimeout: timeoutMilliseconds,
    socketTimeout: timeoutMilliseconds,
    ...auth,
  });
  const stop = (): void => transport.close();
  signal.addEventListener('abort', stop, { once: true });
  try {
    const [subject = ''] = message.text.split('\n', 1);
    await transport.sendMail({
      from: channel.from,
      to: [...channel.to],
      subject: subject.slice(0, longestSubject),
      text: message.text,
      messageId: `<${message.id}@millrace>`,
      headers: { 'Auto-Submitted': 'auto-generated', 'Millrace-Delivery': message.id },
      date: new Date(message.atMs),
      disableFileAccess: true,
      disableUrlAccess: true,
    });
  } catch (error) {
    throw mailError(error, url.host);
  } finally {
    signal.removeEventListener('abort', stop);
    transport.close();
  }
}

/** What a server says about a login may be mended at its end; what it says about receivers and texts may not. */
function mailError(error: unknown, host: string): DataError | TransientError {
  const { code, responseCode, response, message } = error as {
    readonly code?: string;
    readonly responseCode?: number;
    readonly response?: string;
    readonly message?: string;
  };
  const said = `${host}: ${(response ?? message ?? 'no answer').slice(0, 200)}`;
  const isForGood = (responseCode ?? 0) >= 500 && (code === 'EENVELOPE' || code === 'EMESSAGE');
  return isForGood
    ? new DataError(said, { code: 'receiver_refused' })
    : new TransientError(said, { code: 'receiver_unavailable' });
}
