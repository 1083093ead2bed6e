export { consumerTag, isConsumer } from './consumer.ts';
export { scoreImportance, type Importance } from './importance.ts';
export { findUnread, type Completions, type UnreadAsset } from './unread.ts';
