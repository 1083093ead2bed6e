import { defineProject, type ProjectDefinition } from 'millrace';

const project: ProjectDefinition = defineProject({ name: 'helpdesk', warehouse: 'WAREHOUSE' });

export default project;
