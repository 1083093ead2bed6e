import {
  type Column,
  ConfigError,
  type Connector,
  defineConnector,
  type Row,
  rowsSource,
  TransientError,
  z,
} from 'millrace/connector';

interface HelpdeskConfig {
  readonly url: string;
  readonly token: string;
}

interface Page {
  readonly data: readonly Row[];
  /** Cursor of the next page; null after the last. */
  readonly next: string | null;
}

const streams: Readonly<Record<string, readonly Column[]>> = {
  tickets: [
    { name: 'id', type: { type: 'int64' }, nullable: false },
    { name: 'subject', type: { type: 'text' }, nullable: true },
    { name: 'hours', type: { type: 'decimal', precision: 8, scale: 2 }, nullable: true },
    { name: 'tags', type: { type: 'json' }, nullable: false },
    { name: 'updated_at', type: { type: 'timestamptz' }, nullable: false },
  ],
  agents: [
    { name: 'id', type: { type: 'int64' }, nullable: false },
    { name: 'name', type: { type: 'text' }, nullable: false },
  ],
};

/** A help desk with an HTTP API that gives JSON in pages. */
const helpdesk: Connector<HelpdeskConfig> = defineConnector({
  type: 'helpdesk',
  roles: ['source'],
  config: z.strictObject({ url: z.url(), token: z.string().min(1) }),
  secretKeys: ['token'],
  open: async (config, { name }) => ({
    name,
    type: 'helpdesk',
    check: async (signal) => {
      await getPage(config, name, 'agents', {}, signal);
      return `help desk at ${new URL(config.url).host}`;
    },
    close: async () => {},
    source: rowsSource(name, {
      discover: async () => Object.keys(streams),
      describe: async (stream) => {
        const columns = streams[stream];
        return columns && { columns, primaryKey: ['id'] };
      },
      read: async function* ({ stream, after }, signal) {
        let cursor: string | null = '';
        while (cursor !== null) {
          const since = after?.column === 'updated_at' ? { updated_since: after.value } : {};
          const page: Page = await getPage(config, name, stream, { cursor, ...since }, signal);
          yield page.data;
          cursor = page.next;
        }
      },
    }),
  }),
});

export default helpdesk;

async function getPage(
  { url, token }: HelpdeskConfig,
  connection: string,
  stream: string,
  query: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<Page> {
  const address = new URL(`${url}/${stream}?${new URLSearchParams(query).toString()}`);
  const headers = { authorization: `Bearer ${token}` };
  const response = await fetch(address, { headers, signal }).catch((error: unknown) => {
    throw new TransientError(`${address.host} cannot be reached`, { code: 'http_unreachable', cause: error });
  });
  if (response.status === 401) {
    throw new ConfigError(`${address.host} refuses the token of ${connection}`, {
      code: 'sign_in_refused',
      next: `Correct the token of ${connection} in connections.yaml`,
    });
  }
  if (!response.ok)
    throw new TransientError(`${address.host} answered ${response.status}`, { code: 'http_status' });
  return (await response.json()) as Page;
}
