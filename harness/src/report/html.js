// Search, and nothing that the page needs to be read.
const bar = document.getElementById('search');
const [text, failed] = bar.querySelectorAll('input');
const shown = bar.querySelector('output');
const groups = [...document.querySelectorAll('section')];
const scenarios = [...document.querySelectorAll('details.scenario')];
const words = scenarios.map(scenario => scenario.textContent.toLowerCase());
const show = () => {
  const wanted = text.value.toLowerCase().split(/\s+/).filter(Boolean);
  scenarios.forEach((scenario, n) => {
    scenario.hidden = !wanted.every(word => words[n].includes(word)) || (failed.checked && scenario.dataset.status !== 'bad');
  });
  groups.forEach(group => { group.hidden = !group.querySelector('details.scenario:not([hidden])'); });
  shown.textContent = `${scenarios.filter(scenario => !scenario.hidden).length} of ${scenarios.length}`;
};
text.addEventListener('input', show);
failed.addEventListener('change', show);
bar.hidden = false;
show();
// A link to a scenario opens it.
const opened = () => document.getElementById(decodeURIComponent(location.hash.slice(1)))?.setAttribute('open', '');
addEventListener('hashchange', opened);
opened();
