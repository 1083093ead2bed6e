import type * as Client from '@google-cloud/storage';
import { ConfigError } from '../../../core/errors.ts';
import { bucketError } from './bucket-error.ts';
import type { Bucket, BucketObject } from './bucket.ts';

export interface GcsAccess {
  /** Another server than Google's: `http://127.0.0.1:4443`. It is asked without credentials. */
  readonly endpoint?: string | undefined;
  /** Path of a service account's key. Without it, the client looks in its own places: the environment, `gcloud`, the machine's account. */
  readonly keyFile?: string | undefined;
}

/** What `fields` leaves of an answer. */
interface Page {
  readonly items?: readonly Item[];
  readonly nextPageToken?: string;
}

interface Item {
  readonly name: string;
  /** Of the content; `updated` changes with labels and storage classes too. */
  readonly timeCreated: string;
  readonly generation: string;
}

const fields = 'nextPageToken,items(name,timeCreated,generation)';
/** By the client itself, after 1 s and 2 s. */
const mostRetries = 2;

/** @throws ConfigError when the client is not installed */
export async function openGcsBucket(name: string, { endpoint, keyFile }: GcsAccess): Promise<Bucket> {
  const { Storage } = await loadClient();
  const storage = new Storage({
    ...(endpoint === undefined ? {} : { apiEndpoint: endpoint }),
    ...(keyFile === undefined ? {} : { keyFilename: keyFile }),
    retryOptions: { maxRetries: mostRetries },
  });
  return {
    async *list({ prefix, after }, signal) {
      const range = after === undefined ? { prefix } : { prefix, startOffset: after };
      let pageToken: string | undefined;
      do {
        const page = pageToken === undefined ? range : { ...range, pageToken };
        const listing = storage.bucket(name).getFiles({ ...page, fields, autoPaginate: false });
        const [, , answer] = await unlessStopped(listing, signal).catch((error: unknown) => {
          throw bucketError(error, `gs://${name}`, 'storage.objects.list');
        });
        const { items = [], nextPageToken } = answer as Page;
        yield items.map(toObject).filter(({ key }) => key !== after);
        pageToken = nextPageToken;
      } while (pageToken !== undefined);
    },
  };
}

async function loadClient(): Promise<typeof Client> {
  try {
    return await import('@google-cloud/storage');
  } catch (error) {
    throw new ConfigError('a sensor of gs:// needs the package @google-cloud/storage', {
      code: 'package_missing',
      next: 'Install it: npm install @google-cloud/storage',
      cause: error,
    });
  }
}

/** The client cannot be told to stop; its answer is left alone then. */
async function unlessStopped<Answer>(answer: Promise<Answer>, signal: AbortSignal): Promise<Answer> {
  const stopped = Promise.withResolvers<never>();
  const stop = (): void => stopped.reject(new DOMException('stopped', 'AbortError'));
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  try {
    return await Promise.race([answer, stopped.promise]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

function toObject({ name, timeCreated, generation }: Item): BucketObject {
  return {
    key: name,
    changedAtMs: Date.parse(timeCreated),
    version: generation,
  };
}
