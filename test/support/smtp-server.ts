import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { createInterface } from 'node:readline';

/** A message that was taken. */
export interface ReceivedMail {
  readonly from: string;
  readonly to: readonly string[];
  /** Headers and text as they arrived. */
  readonly content: string;
  /** `user:password`, when there was a login. */
  readonly login: string | undefined;
}

/** A real mail server that remembers what it was sent. */
export interface SmtpServer {
  /** `127.0.0.1:port`. */
  readonly address: string;
  readonly mails: readonly ReceivedMail[];
  /** What it answers to a command instead of the usual, such as `550 no such mailbox` to `RCPT`. */
  answer: (command: string, line: string) => string | undefined;
  /** Resolves when so many messages have been taken. */
  arrived(count: number): Promise<void>;
  close(): Promise<void>;
}

export async function startSmtpServer(): Promise<SmtpServer> {
  const mails: ReceivedMail[] = [];
  const sockets = new Set<Socket>();
  const waiting = new Set<() => void>();
  const state: Pick<SmtpServer, 'answer'> = { answer: () => undefined };
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => undefined);
    void converse(socket, state, (mail) => {
      mails.push(mail);
      for (const look of waiting) look();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    mails,
    get answer() {
      return state.answer;
    },
    set answer(answer) {
      state.answer = answer;
    },
    arrived: (count) =>
      new Promise((resolve) => {
        const look = (): void => {
          if (mails.length < count) return;
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
        look();
      }),
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

async function converse(
  socket: Socket,
  state: Pick<SmtpServer, 'answer'>,
  take: (mail: ReceivedMail) => void,
): Promise<void> {
  const say = (text: string): void => void socket.write(`${text}\r\n`);
  let login: string | undefined;
  let from = '';
  let to: string[] = [];
  let content: string[] | undefined;
  say('220 sink');
  for await (const line of createInterface(socket)) {
    if (content && line !== '.') {
      content.push(line.replace(/^\.\./, '.'));
      continue;
    }
    const command = content ? 'END' : (line.split(/[ :]/, 1)[0] ?? '').toUpperCase();
    const special = state.answer(command, line);
    if (special !== undefined) {
      content = undefined;
      say(special);
    } else if (command === 'END') {
      take({ from, to, content: (content ?? []).join('\n'), login });
      content = undefined;
      to = [];
      say('250 taken');
    } else if (command === 'EHLO') say('250-sink\r\n250 AUTH PLAIN');
    else if (command === 'AUTH') {
      login = Buffer.from(line.split(' ')[2] ?? '', 'base64')
        .toString()
        .split('\0')
        .slice(1)
        .join(':');
      say('235 welcome');
    } else if (command === 'MAIL') {
      from = /<(.*)>/.exec(line)?.[1] ?? '';
      say('250 ok');
    } else if (command === 'RCPT') {
      to.push(/<(.*)>/.exec(line)?.[1] ?? '');
      say('250 ok');
    } else if (command === 'DATA') {
      content = [];
      say('354 go on');
    } else if (command === 'QUIT') {
      say('221 bye');
      socket.end();
    } else say(command === 'STARTTLS' ? '502 not here' : '250 ok');
  }
}
