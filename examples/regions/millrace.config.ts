import { defineProject, type ProjectDefinition } from 'millrace';

const project: ProjectDefinition = defineProject({ name: 'regions', warehouse: 'WAREHOUSE' });

export default project;
