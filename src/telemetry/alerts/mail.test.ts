import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startSmtpServer, type SmtpServer } from '../../../test/support/smtp-server.ts';
import { DataError, TransientError } from '../../core/errors.ts';
import type { AlertMessage } from './alert-book.ts';
import { type MailChannel, sendMail } from './mail.ts';

let server: SmtpServer;
let channel: MailChannel;
const { signal } = new AbortController();

beforeEach(async () => {
  server = await startSmtpServer();
  channel = {
    type: 'email',
    smtp: `smtp://millrace:p%40ss@${server.address}`,
    from: 'Millrace <millrace@shop.test>',
    to: ['ops@shop.test', 'data@shop.test'],
  };
});
afterEach(() => server.close());

const message: AlertMessage = {
  id: 'abc123',
  channel: 'mail',
  rule: 'late',
  on: 'late',
  subject: 'raw/orders',
  state: 'raised',
  text: 'shop: raw/orders is late, since é\nBcc: thief@evil.test\nmillrace runs show 1',
  facts: {},
  atMs: Date.UTC(2026, 0, 5),
  isUrgent: false,
  attempts: 0,
  nextAtMs: 0,
};

describe('mail', () => {
  it('is sent once to everybody, with a login and the id of the message', async () => {
    await sendMail(channel, message, signal);
    expect(server.mails).toHaveLength(1);
    const [mail] = server.mails;
    expect(mail).toMatchObject({
      from: 'millrace@shop.test',
      to: ['ops@shop.test', 'data@shop.test'],
      login: 'millrace:p@ss',
    });
    const [headers = ''] = mail?.content.split('\n\n') ?? [];
    expect(headers).toContain('Message-ID: <abc123@millrace>');
    expect(headers).toContain('Auto-Submitted: auto-generated');
    expect(headers).toMatch(/^Subject: =\?UTF-8\?/m);
    expect(headers).not.toContain('Bcc');
  });

  it('that the server will never take is given up, all else is tried again', async () => {
    const attempt = (): Promise<void> => sendMail(channel, message, signal);
    server.answer = (command) => (command === 'RCPT' ? '550 no such mailbox' : undefined);
    await expect(attempt()).rejects.toBeInstanceOf(DataError);
    server.answer = (command) => (command === 'RCPT' ? '451 try later' : undefined);
    await expect(attempt()).rejects.toBeInstanceOf(TransientError);
    server.answer = (command) => (command === 'END' ? '554 not that' : undefined);
    await expect(attempt()).rejects.toBeInstanceOf(DataError);
    server.answer = (command) => (command === 'AUTH' ? '535 wrong password' : undefined);
    await expect(attempt()).rejects.toBeInstanceOf(TransientError);
    await expect(attempt()).rejects.not.toThrow('p@ss');
    server.answer = (_, line) => (line.includes('data@shop.test') ? '550 no such mailbox' : undefined);
    await attempt();
    expect(server.mails.map(({ to }) => to)).toEqual([['ops@shop.test']]);
  });

  it('is not sent in the clear with a password to another machine', async () => {
    const away = { ...channel, smtp: channel.smtp.replace('127.0.0.1', '0.0.0.0') };
    await expect(sendMail(away, message, signal)).rejects.toThrow('502');
    await sendMail({ ...away, smtp: away.smtp.replace(/\/\/.*@/, '//') }, message, signal);
    expect(server.mails.map(({ login }) => login)).toEqual([undefined]);
    await server.close();
    await expect(sendMail(channel, message, signal)).rejects.toBeInstanceOf(TransientError);
  });
});
