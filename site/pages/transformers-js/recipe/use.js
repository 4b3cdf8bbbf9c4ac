import { add, search } from './recipe.js';

await add(['The kitten sleeps in the sun', 'Snow fell on the mountains all night']);
const { ids, scores } = await search('winter weather');
console.log(ids[0], scores[0]);
