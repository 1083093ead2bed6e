import { execFileSync, spawnSync } from 'node:child_process';
import { chmod, chown, copyFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { makePostgres } from '../../../test/support/own-postgres.ts';

const opensslProgram = 'openssl';

/** A PostgreSQL with a certificate for `localhost`, signed by an authority of its own. */
export interface TlsServer {
  /**
   * Holds `ca.pem`, `other.pem` (an authority that signed nothing), `client.pem` with `client.key`, `locked.key`
   * (the same key with the passphrase `open sesame`), `stranger.pem` with `stranger.key`.
   */
  readonly folder: string;
  readonly port: number;
  query(sql: string): Promise<void>;
  /** Lets the server show the certificate of that name from now on: `server` or `expired`. */
  show(certificate: string): Promise<void>;
  stop(): Promise<void>;
}

/** Rules for databases: `plain` must not be reached with TLS, `certified` needs a client certificate, others need TLS. */
const rules = `
local all all trust
hostnossl plain all all scram-sha-256
hostssl plain all all reject
hostssl certified all all scram-sha-256 clientcert=verify-ca
hostssl all all all scram-sha-256
`;

/** The reason why there is none, where `openssl` is missing. */
export async function startTlsServer(): Promise<TlsServer | string> {
  if (spawnSync(opensslProgram, ['version']).status !== 0)
    return 'openssl is missing: apt-get install openssl';
  const server = await makePostgres('postgres-tls');
  const { folder, data, port } = server;
  makeCertificates(folder);
  for (const name of ['server', 'expired']) {
    await copyFile(join(folder, `${name}.pem`), join(data, `${name}.pem`));
    await copyFile(join(folder, `${name}.key`), join(data, `${name}.key`));
    await chmod(join(data, `${name}.key`), 0o600);
    const { uid, gid } = await stat(data);
    for (const end of ['pem', 'key']) await chown(join(data, `${name}.${end}`), uid, gid);
  }
  await copyFile(join(folder, 'ca.pem'), join(data, 'ca.pem'));
  await chmod(join(data, 'ca.pem'), 0o644);
  const hostRules = join(data, 'pg_hba.conf');
  await server.start();
  const client = new pg.Client({ connectionString: server.url });
  await client.connect();
  for (const name of ['plain', 'certified']) await client.query(`create database ${name}`);
  const show = async (certificate: string): Promise<void> => {
    await client.query(`alter system set ssl_cert_file = '${certificate}.pem'`);
    await client.query(`alter system set ssl_key_file = '${certificate}.key'`);
    await client.query('select pg_reload_conf()');
  };
  await client.query(`alter system set ssl_ca_file = 'ca.pem'`);
  await client.query('alter system set ssl = on');
  await writeFile(hostRules, rules);
  await show('server');
  return {
    folder,
    port,
    query: async (sql) => void (await client.query(sql)),
    show,
    stop: async () => {
      await client.end();
      await server.remove();
    },
  };
}

function makeCertificates(folder: string): void {
  const openssl = (...args: readonly string[]): void =>
    void execFileSync(opensslProgram, args, { cwd: folder, stdio: 'ignore' });
  for (const name of ['ca', 'other'])
    openssl('req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', `${name}.key`, '-out', `${name}.pem`, '-days', '2', '-subj', `/CN=${name}`); // prettier-ignore
  const sign = (name: string, subject: string, authority: string, days: string): void => {
    openssl('req', '-newkey', 'rsa:2048', '-nodes', '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', `/CN=${subject}`); // prettier-ignore
    openssl('x509', '-req', '-in', `${name}.csr`, '-CA', `${authority}.pem`, '-CAkey', `${authority}.key`, '-CAcreateserial', '-out', `${name}.pem`, '-days', days); // prettier-ignore
  };
  sign('server', 'localhost', 'ca', '2');
  sign('expired', 'localhost', 'ca', '0');
  sign('client', 'postgres', 'ca', '2');
  sign('stranger', 'postgres', 'other', '2');
  openssl('rsa', '-aes256', '-in', 'client.key', '-out', 'locked.key', '-passout', 'pass:open sesame');
}
