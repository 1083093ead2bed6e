import { defineProject, defineSchedule } from 'millrace';

export default defineProject({
  name: '__NAME__',
  warehouse: 'WAREHOUSE',
  schedules: [defineSchedule({ name: 'hourly', cron: '0 * * * *', timeZone: 'UTC', select: '*' })],
});
