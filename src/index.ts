export {
  defineProject,
  defineSchedule,
  defineTask,
  type ProjectDefinition,
  type ScheduleDefinition,
  type TaskContext,
  type TaskDefinition,
  type TaskResult,
} from './project/definitions.ts';
