import { defineProject, defineSchedule, type ProjectDefinition } from 'millrace';

const project: ProjectDefinition = defineProject({
  name: 'retailflow',
  warehouse: 'WAREHOUSE',
  transform: { folder: 'transform', schema: 'main' },
  schedules: [
    defineSchedule({
      name: 'sell',
      cron: '*/3 * * * *',
      timeZone: 'America/Toronto',
      select: 'task/generate_orders',
    }),
    defineSchedule({
      name: 'refresh',
      cron: '*/5 * * * *',
      timeZone: 'America/Toronto',
      select: 'shop/orders+',
    }),
  ],
});

export default project;
