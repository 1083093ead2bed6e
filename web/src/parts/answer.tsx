import type { UseQueryResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { FailureBlock, failureOf } from './failure-block.tsx';

interface AnswerProps<T> {
  readonly query: UseQueryResult<T>;
  /** What is being waited for, such as `the runs`. */
  readonly of: string;
  readonly children: (data: T) => ReactNode;
}

/** Shows a query's data once it is there, and until then that it is coming or why it is not. */
export function Answer<T>({ query, of, children }: AnswerProps<T>): ReactNode {
  if (query.data !== undefined) return children(query.data);
  if (query.error) {
    return (
      <div className="answer-failed">
        <FailureBlock failure={failureOf(query.error)} title={`Could not read ${of}`} />
        <button type="button" className="button" onClick={() => void query.refetch()}>
          Try again
        </button>
      </div>
    );
  }
  return (
    <div className="loading" role="status">
      <span className="unseen">Reading {of}</span>
      <span className="shimmer" />
      <span className="shimmer" />
      <span className="shimmer" />
    </div>
  );
}

/** What a place says when there is nothing in it. */
export function Empty({
  title,
  children,
}: {
  readonly title: string;
  readonly children?: ReactNode;
}): ReactNode {
  return (
    <div className="empty">
      <p className="empty-title">{title}</p>
      {children && <div>{children}</div>}
    </div>
  );
}
