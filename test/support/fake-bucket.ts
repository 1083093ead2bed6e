import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** How a request is refused, once. */
export interface Refusal {
  readonly status: number;
  /** S3's word for it, such as `SlowDown`. */
  readonly code: string;
}

/** A server with one bucket, `dumps`, that lists as S3 does (`ListObjectsV2`) and as Google Cloud Storage does (JSON, v1). */
export interface FakeBucket {
  /** For either client. */
  readonly endpoint: string;
  /** What was asked for, of each listing. */
  readonly listings: readonly URLSearchParams[];
  readonly authorizations: readonly (string | undefined)[];
  put(key: string, text: string, changedAtMs: number): void;
  remove(key: string): void;
  /** Objects on a page. */
  pageSize: number;
  readonly refusals: Refusal[];
  close(): Promise<void>;
}

interface Held {
  readonly key: string;
  readonly sizeBytes: number;
  readonly changedAtMs: number;
  readonly etag: string;
  readonly generation: number;
}

export async function startFakeBucket(): Promise<FakeBucket> {
  const objects = new Map<string, Held>();
  const listings: URLSearchParams[] = [];
  const authorizations: (string | undefined)[] = [];
  const refusals: Refusal[] = [];
  let puts = 0;

  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    const url = new URL(request.url ?? '/', 'http://bucket');
    listings.push(url.searchParams);
    authorizations.push(request.headers.authorization);
    const isS3 = !url.pathname.startsWith('/storage/v1/');
    const isKnown = isS3 ? /^\/dumps\/?$/.test(url.pathname) : url.pathname === '/storage/v1/b/dumps/o';
    const refusal = isKnown ? refusals.shift() : { status: 404, code: 'NoSuchBucket' };
    if (refusal) {
      const text = isS3
        ? xml('Error', `<Code>${refusal.code}</Code><Message>It says ${refusal.code}</Message>`)
        : JSON.stringify({ error: { code: refusal.status, message: `It says ${refusal.code}` } });
      response.writeHead(refusal.status, { 'content-type': isS3 ? 'application/xml' : 'application/json' });
      response.end(text);
      return;
    }
    const page = pageOf([...objects.values()], url.searchParams, bucket.pageSize, isS3);
    response.writeHead(200, { 'content-type': isS3 ? 'application/xml' : 'application/json' });
    response.end(isS3 ? s3Text(page) : gcsText(page));
  };

  const server = createServer(answer);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const bucket: FakeBucket = {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    listings,
    authorizations,
    refusals,
    pageSize: 1000,
    put: (key, text, changedAtMs) => {
      puts += 1;
      const etag = createHash('md5').update(text).digest('hex');
      objects.set(key, { key, sizeBytes: text.length, changedAtMs, etag, generation: puts });
    },
    remove: (key) => void objects.delete(key),
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  return bucket;
}

interface PageOfKeys {
  readonly objects: readonly Held[];
  /** The last key of a page that has another after it. */
  readonly next: string | undefined;
}

/** Both go through keys in the order of their bytes; S3 begins after `start-after`, Google at `startOffset`. */
function pageOf(
  objects: readonly Held[],
  query: URLSearchParams,
  pageSize: number,
  isS3: boolean,
): PageOfKeys {
  const prefix = query.get('prefix') ?? '';
  const token = query.get(isS3 ? 'continuation-token' : 'pageToken');
  const after = token ?? (isS3 ? query.get('start-after') : undefined) ?? '';
  const from = query.get('startOffset') ?? '';
  const rest = objects
    .filter(({ key }) => key.startsWith(prefix) && key > after && key >= from)
    .toSorted((a, b) => Buffer.compare(Buffer.from(a.key), Buffer.from(b.key)));
  const page = rest.slice(0, pageSize);
  return { objects: page, next: rest.length > pageSize ? page.at(-1)?.key : undefined };
}

function s3Text({ objects, next }: PageOfKeys): string {
  const contents = objects.map(
    ({ key, sizeBytes, changedAtMs, etag }) =>
      `<Contents><Key>${escaped(key)}</Key><LastModified>${new Date(changedAtMs).toISOString()}</LastModified>` +
      `<ETag>&quot;${etag}&quot;</ETag><Size>${sizeBytes}</Size><StorageClass>STANDARD</StorageClass></Contents>`,
  );
  const more = next === undefined ? '' : `<NextContinuationToken>${escaped(next)}</NextContinuationToken>`;
  return xml(
    'ListBucketResult',
    `<Name>dumps</Name><IsTruncated>${next !== undefined}</IsTruncated><KeyCount>${objects.length}</KeyCount>${more}${contents.join('')}`,
  );
}

function gcsText({ objects, next }: PageOfKeys): string {
  const items = objects.map(({ key, sizeBytes, changedAtMs, generation }) => ({
    name: key,
    size: String(sizeBytes),
    timeCreated: new Date(changedAtMs).toISOString(),
    generation: String(generation),
  }));
  return JSON.stringify({
    kind: 'storage#objects',
    items,
    ...(next === undefined ? {} : { nextPageToken: next }),
  });
}

function xml(name: string, content: string): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n<${name}>${content}</${name}>`;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
