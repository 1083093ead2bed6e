import { exitCodes } from '../terminal/exit-code.ts';
import { printLine } from '../terminal/output.ts';

const examples = `Everything in the project that is selected
  millrace run 'tag:daily'

A Sling replication file; some of its streams, with other keys than it says
  millrace run -r replication.yaml
  millrace run -r replication.yaml --streams orders,tag:small --mode full-refresh

One table
  millrace run --src-conn SHOP --src-stream public.orders --tgt-conn WAREHOUSE --tgt-object raw.orders \\
    --primary-key id --update-key updated_at

A month of it again
  millrace run --src-conn SHOP --src-stream public.orders --tgt-conn WAREHOUSE --tgt-object raw.orders \\
    --mode backfill --primary-key id --update-key updated_at --range 2024-01-01,2024-01-31

Every table of a schema
  millrace run --src-conn SHOP --src-stream 'public.*' --tgt-conn WAREHOUSE --tgt-object 'raw.{stream_table}'

A file; connections by URL
  millrace run --src-stream file://orders.csv --src-options '{delimiter: ";"}' \\
    --tgt-conn postgres://me@localhost/shop --tgt-object public.orders

Through pipes
  cat orders.csv | millrace run --tgt-conn WAREHOUSE --tgt-object raw.orders
  millrace run --src-conn SHOP --src-stream 'select * from orders' --stdout | gzip > orders.csv.gz
`;

export function printExamples(): number {
  printLine(examples.trimEnd());
  return exitCodes.success;
}
