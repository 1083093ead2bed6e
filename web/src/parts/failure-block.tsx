import type { ReactNode } from 'react';
import type { Failure, Origin } from '../../../src/server/contract.ts';
import { ApiError } from '../api.ts';

interface FailureBlockProps {
  readonly failure: Failure;
  readonly title?: string;
}

/** What went wrong, where, in what state things are, and what to do next. */
export function FailureBlock({ failure, title = 'What went wrong' }: FailureBlockProps): ReactNode {
  return (
    <section className="failure" aria-label={title}>
      <h3>{title}</h3>
      <p className="failure-message">{failure.message}</p>
      <dl>
        {failure.origin && (
          <>
            <dt>Place</dt>
            <dd>
              <code>{originText(failure.origin)}</code>
            </dd>
          </>
        )}
        {failure.state && (
          <>
            <dt>State</dt>
            <dd>{failure.state}</dd>
          </>
        )}
        {failure.next && (
          <>
            <dt>Next</dt>
            <dd>{failure.next}</dd>
          </>
        )}
        <dt>Code</dt>
        <dd>
          <code>{failure.code}</code>
        </dd>
      </dl>
    </section>
  );
}

/** `models/orders.sql:3:7` */
export function originText(origin: Origin): string {
  return [origin.file, origin.line, origin.column].filter((part) => part !== undefined).join(':');
}

/** Anything thrown by a request, as something to show. */
export function failureOf(error: unknown): Failure {
  if (error instanceof ApiError) return error.failure;
  const message = error instanceof Error ? error.message : String(error);
  return { kind: 'fatal', code: 'unexpected', message };
}
