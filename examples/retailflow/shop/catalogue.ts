export interface Product {
  readonly id: number;
  readonly name: string;
  readonly category: string;
  readonly priceCents: number;
  /** How often it is bought, relative to the others. */
  readonly weight: number;
}

export interface City {
  readonly city: string;
  readonly province: string;
  readonly country: string;
  /** How many customers live there, relative to the others. */
  readonly weight: number;
}

type ProductRow = readonly [name: string, priceCents: number, weight: number];

const shelves: Readonly<Record<string, readonly ProductRow[]>> = {
  Electronics: [
    ['Wireless Headphones', 12999, 7],
    ['Bluetooth Speaker', 5999, 8],
    ['4K Monitor', 38999, 2],
    ['USB-C Hub', 4499, 9],
    ['Mechanical Keyboard', 10999, 5],
    ['Laptop 14"', 129900, 1],
  ],
  Home: [
    ['French Press', 3495, 9],
    ['Cast-Iron Skillet', 5495, 7],
    ['Desk Lamp', 4250, 6],
    ['Wool Blanket', 8900, 4],
    ['Bookshelf', 17500, 2],
  ],
  Clothing: [
    ['Merino Sweater', 9800, 6],
    ['Rain Jacket', 14900, 4],
    ['Denim Jeans', 7900, 8],
    ['Cotton T-Shirt', 2400, 14],
    ['Wool Socks', 1850, 15],
  ],
  Outdoors: [
    ['Hiking Boots', 18999, 3],
    ['Two-Person Tent', 32900, 1],
    ['Trekking Poles', 8495, 3],
    ['Insulated Bottle', 3299, 11],
  ],
  Books: [
    ['Cookbook: Maritime Kitchen', 3999, 6],
    ['Paperback Novel', 1999, 16],
    ["Children's Atlas", 2895, 5],
  ],
  Toys: [
    ['Board Game', 5499, 7],
    ['Building Blocks', 4999, 8],
    ['Plush Moose', 2199, 9],
  ],
  Beauty: [
    ['Hand Cream', 1299, 13],
    ['Shampoo Bar', 1150, 12],
    ['Beard Oil', 2450, 4],
  ],
  Grocery: [
    ['Maple Syrup 500 ml', 1699, 15],
    ['Dark Roast Coffee 1 kg', 2899, 14],
    ['Loose Leaf Tea', 1475, 9],
  ],
};

export const products: readonly Product[] = Object.entries(shelves)
  .flatMap(([category, rows]) => rows.map((row) => ({ category, row })))
  .map(({ category, row: [name, priceCents, weight] }, index) => ({
    id: 101 + index,
    name,
    category,
    priceCents,
    weight,
  }));

type CityRow = readonly [city: string, province: string, weight: number];

const places: Readonly<Record<string, readonly CityRow[]>> = {
  Canada: [
    ['Toronto', 'Ontario', 180],
    ['Ottawa', 'Ontario', 62],
    ['Hamilton', 'Ontario', 34],
    ['London', 'Ontario', 27],
    ['Kingston', 'Ontario', 10],
    ['Montréal', 'Québec', 120],
    ['Québec', 'Québec', 42],
    ['Trois-Rivières', 'Québec', 9],
    ['Vancouver', 'British Columbia', 105],
    ['Victoria', 'British Columbia', 24],
    ['Calgary', 'Alberta', 72],
    ['Edmonton', 'Alberta', 58],
    ['Winnipeg', 'Manitoba', 40],
    ['Saskatoon', 'Saskatchewan', 16],
    ['Regina', 'Saskatchewan', 13],
    ['Halifax', 'Nova Scotia', 26],
    ['Moncton', 'New Brunswick', 10],
    ["St. John's", 'Newfoundland and Labrador', 11],
    ['Charlottetown', 'Prince Edward Island', 5],
    ['Whitehorse', 'Yukon', 2],
    ['Yellowknife', 'Northwest Territories', 1],
    ['Iqaluit', 'Nunavut', 1],
  ],
  'United States': [
    ['New York', 'New York', 40],
    ['Seattle', 'Washington', 22],
    ['Boston', 'Massachusetts', 16],
    ['Chicago', 'Illinois', 18],
    ['Portland', 'Oregon', 8],
    ['Portland', 'Maine', 4],
  ],
  'United Kingdom': [
    ['London', 'England', 20],
    ['Edinburgh', 'Scotland', 7],
    ['Cardiff', 'Wales', 4],
  ],
  France: [
    ['Paris', 'Île-de-France', 14],
    ['Lyon', 'Auvergne-Rhône-Alpes', 6],
  ],
  Germany: [
    ['Berlin', 'Berlin', 9],
    ['München', 'Bayern', 6],
  ],
  Mexico: [['Ciudad de México', 'Ciudad de México', 7]],
  Japan: [['Tokyo', 'Tokyo', 8]],
  Australia: [['Melbourne', 'Victoria', 6]],
};

export const cities: readonly City[] = Object.entries(places).flatMap(([country, rows]) =>
  rows.map(([city, province, weight]) => ({ city, province, country, weight })),
);

export const givenNames: readonly string[] = (
  'Aisha Amélie Anaïs Arjun Benoît Camille Carlos Chloé Daniel David Elena Emma Ethan Fatima Félix Florence ' +
  'Gabriel Grace Hannah Hiro Ingrid Isabelle Ivan Jack James Jean José Julia Kenji Lara Léa Liam Lucas Mei ' +
  'Mohammed Nadia Nathan Noah Noëlle Olivia Owen Priya Rachel Raj Rosa Ryan Samuel Sarah Sean Sofia Thomas ' +
  'Victor William Xavier Yara Yuki Zoë'
).split(' ');

export const familyNames: readonly string[] = (
  "Anderson Bélanger Bennett Bouchard Brown Campbell Chan Chen Côté D'Amico Dubois Fraser Gagnon García " +
  'Gauthier Gill Hughes Ivanov Jackson Johnson Kaur Kim Kowalski Lavoie Lee Lefebvre Li MacDonald Martin ' +
  "McKenzie Mitchell Morin Müller Murphy Nguyen Novak O'Brien Okafor Patel Pelletier Reid Rossi Roy Sánchez " +
  'Schmidt Sharma Singh Smith Sørensen Stewart Tanaka Taylor Tremblay Walker Wang White Williams Wilson Wong Young'
).split(' ');
