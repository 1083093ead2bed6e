/** How the page of a project looks, in light and in dark. */
export const docsStyle = `
:root { color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif; }
body { margin: 0; display: grid; grid-template-columns: minmax(14rem, 22rem) 1fr; height: 100vh; }
nav, main { overflow: auto; padding: 1rem; }
nav { border-right: 1px solid #8884; }
h1 { font-size: 1.2rem; margin: 0 0 .5rem; }
input { width: 100%; box-sizing: border-box; padding: .4rem; font: inherit; }
ul { list-style: none; padding: 0; }
li a { display: block; padding: .15rem .3rem; border-radius: 4px; text-decoration: none; color: inherit; }
li a[aria-current] { background: #6688cc44; }
small { opacity: .65; }
table { border-collapse: collapse; }
th, td { text-align: left; vertical-align: top; padding: .25rem .75rem .25rem 0; border-bottom: 1px solid #8884; }
pre { overflow: auto; background: #8881; padding: .75rem; border-radius: 6px; }
p { white-space: pre-wrap; max-width: 60rem; }
`;

/** Shows the resource that the address names after "#", and the list that the search leaves. */
export const docsScript = `
const all = JSON.parse(document.getElementById('resources').textContent);
const byId = new Map(all.map((one) => [one.id, one]));
const [search, list, main] = ['input', 'ul', 'main'].map((name) => document.querySelector(name));
const make = (name, ...inside) => { const made = document.createElement(name); made.append(...inside); return made; };
const link = (one) => {
  const made = make('a', one.name + ' ', make('small', one.type.replace('_', ' ')));
  made.href = '#' + encodeURIComponent(one.id);
  return made;
};
const chosen = () => byId.get(decodeURIComponent(location.hash.slice(1))) ?? all[0];
const section = (title, ...inside) => inside.length === 0 ? [] : [make('h3', title), ...inside];
const links = (ids) => ids.length === 0 ? [] : [make('ul', ...ids.map((id) => make('li', link(byId.get(id)))))];
const rows = (columns) => make('table',
  make('tr', ...['Column', 'Type', 'Description'].map((title) => make('th', title))),
  ...columns.map(({ name, type, description }) =>
    make('tr', make('td', name), make('td', type ?? ''), make('td', description))));
function show() {
  const one = chosen();
  if (!one) return main.replaceChildren(make('p', 'There is nothing in this project.'));
  const facts = [one.type.replace('_', ' '), one.materialized, one.package, one.path, one.relation, ...one.tags];
  main.replaceChildren(
    make('h2', one.name), make('small', [...new Set(facts)].filter(Boolean).join(' \\u00b7 ')),
    make('p', one.description || 'Not described.'),
    ...section('Columns', ...(one.columns.length === 0 ? [] : [rows(one.columns)])),
    ...section('Tests', ...(one.tests.length === 0 ? [] : [make('p', one.tests.join('\\n'))])),
    ...section('Reads', ...links(one.parents)),
    ...section('Is read by', ...links(one.children)),
    ...section('SQL', ...(one.sql === '' ? [] : [make('pre', one.sql)])),
    ...section('Compiled', ...(one.compiled === '' ? [] : [make('pre', one.compiled)])),
  );
  main.scrollTop = 0;
  find();
}
function find() {
  const wanted = search.value.trim().toLowerCase();
  const current = chosen();
  const found = all.filter((one) => (one.name + ' ' + one.description + ' ' + one.tags.join(' ')).toLowerCase().includes(wanted));
  list.replaceChildren(...found.map((one) => {
    const made = link(one);
    if (one === current) made.setAttribute('aria-current', 'page');
    return make('li', made);
  }));
}
addEventListener('hashchange', show);
search.addEventListener('input', find);
show();
`;
