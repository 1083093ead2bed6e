export { scoreImportance } from './importance.ts';
export { findUnread } from './unread.ts';
