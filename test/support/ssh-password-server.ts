import { connect, type AddressInfo } from 'node:net';
import ssh2 from 'ssh2';

/** An SSH server in this process that lets in one user by password, and forwards connections. */
export interface SshPasswordServer {
  readonly port: number;
  stop(): Promise<void>;
}

/** OpenSSH checks passwords of the machine's users only, so this one is made of the SSH library. */
export async function startPasswordServer(
  method: 'password' | 'keyboard-interactive',
  login: { readonly user: string; readonly password: string },
): Promise<SshPasswordServer> {
  const clients = new Set<ssh2.Connection>();
  // One in some hundred ed25519 keys that the library makes, it cannot read itself.
  const hostKeys = [ssh2.utils.generateKeyPairSync('ecdsa', { bits: 256 }).private];
  const server = new ssh2.Server({ hostKeys }, (client) => {
    clients.add(client);
    client.on('error', () => undefined);
    client.on('authentication', (attempt) => {
      const answer = (password: string | undefined): void => {
        if (attempt.username === login.user && password === login.password) attempt.accept();
        else attempt.reject([method]);
      };
      if (attempt.method !== method) attempt.reject([method]);
      else if (attempt.method === 'password') answer(attempt.password);
      else if (attempt.method === 'keyboard-interactive') {
        attempt.prompt([{ prompt: 'Password: ', echo: false }], (answers) => answer(answers[0]));
      }
    });
    client.on('tcpip', (accept, _reject, { destIP, destPort }) => {
      const channel = accept();
      const socket = connect(destPort, destIP);
      socket.on('error', () => channel.destroy());
      channel.on('error', () => socket.destroy());
      channel.pipe(socket).pipe(channel);
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return {
    port: (server.address() as AddressInfo).port,
    stop: async () => {
      for (const client of clients) client.end();
      await new Promise<void>((done) => server.close(() => done()));
    },
  };
}
