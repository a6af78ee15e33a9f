const bar = document.getElementById('search');
const [text, failed] = bar.querySelectorAll('input');
const scenarios = [...document.querySelectorAll('details.scenario')];
const words = scenarios.map(scenario => scenario.textContent.toLowerCase());
const show = () => scenarios.forEach((scenario, n) => {
  scenario.hidden = !words[n].includes(text.value.toLowerCase()) || (failed.checked && scenario.dataset.status !== 'bad');
});
text.addEventListener('input', show);
failed.addEventListener('change', show);
bar.hidden = false;
