// The two drawers: who is on duty, and how the platform fails or works by itself.
const SHARES = [
  ['error_rate', '随机出错', '入库之前答复 500'], ['drop_after_store', '入库后不答复', '答复 500、断开或沉默'],
  ['timeout_after_store', '入库后沉默', '一分钟没有任何答复'], ['ask_error_rate', '查询出错', '对“是否已收到”的查询答复 500'],
  ['forget', '收到后丢失', '答复已接收，随后查无此件'], ['callback_duplicates', '回告重复', '同一回告再送最多三次'],
  ['callback_shuffle', '回告乱序', '搁置最多五秒，后发先到'], ['callback_stale_signature', '回告签名过期', '先用旧时间签名，再正确送一次'],
];
const FLAGS = [['refuse_signature', '拒绝所有签名'], ['down', '平台停机']];

export function drawers({ $, make, call, send, alarm, refresh }) {
  const field = (type, name, attributes = {}) => {
    const it = make('input');
    Object.assign(it, { type, name, ...attributes });
    return it;
  };
  const share = ([name, label, hint]) => {
    const row = make('label', 'row');
    const head = make('span', 'line');
    const out = make('output', '', '0%');
    out.htmlFor = name;
    head.append(make('span', '', label), out);
    row.append(head, make('span', 'hint', hint), field('range', name, { min: 0, max: 1, step: 0.05, value: 0 }));
    return row;
  };
  const flag = ([name, label]) => {
    const row = make('label', 'row check');
    row.append(field('checkbox', name), label);
    return row;
  };
  const number = ([name, label, max]) => {
    const row = make('label', 'row', label);
    row.append(field('number', name, { min: 0, max, step: 100, value: 0, inputMode: 'numeric' }));
    return row;
  };
  $('fault-rows').append(number(['latency_ms', '答复延迟（毫秒）', 60000]), ...SHARES.map(share), ...FLAGS.map(flag));
  $('autopilot-rows').append(
    flag(['on', '自动办理']), number(['min_ms', '两步之间最短（毫秒）', 3600000]), number(['max_ms', '两步之间最长（毫秒）', 3600000]),
    share(['returns', '退回', '岗位收到后退回，由指挥中心审核']), share(['extensions', '延期', '处置中延期；同样比例再次申请']),
  );

  const forms = { faults: $('faults-form'), autopilot: $('autopilot-form') };
  const state = { faults: {}, autopilot: {} };
  const labels = (form) => {
    for (const out of form.querySelectorAll('output')) {
      out.textContent = `${Math.round(Number(form.elements[out.htmlFor.value].value) * 100)}%`;
    }
  };
  function show(which, values) {
    state[which] = values;
    const form = forms[which];
    for (const [name, value] of Object.entries(values)) {
      const it = form.elements[name];
      if (!it || it === document.activeElement) continue;
      if (it.type === 'checkbox') it.checked = value; else it.value = value;
    }
    labels(form);
    const on = [Object.values(state.faults).some(Boolean) && '故障已开启', state.autopilot.on && '自动办理中'].filter(Boolean);
    $('open-faults').textContent = on.length ? `故障开关（${on.join('、')}）` : '故障开关';
    $('open-faults').classList.toggle('on', on.length > 0);
  }
  async function put(which) {
    const values = {};
    for (const it of forms[which].elements) {
      if (it.name) values[it.name] = it.type === 'checkbox' ? it.checked : Math.max(0, Number(it.value) || 0);
    }
    for (const name of ['latency_ms', 'min_ms', 'max_ms']) if (name in values) values[name] = Math.round(values[name]);
    try {
      show(which, await send(`board/${which}`, 'PUT', values));
    } catch (error) {
      alarm(`设置没有生效：${error.message}`);
    }
  }
  for (const [which, form] of Object.entries(forms)) {
    form.addEventListener('input', () => labels(form));
    form.addEventListener('change', () => put(which));
    form.addEventListener('submit', (e) => e.preventDefault());
    call(`board/${which}`).then((values) => show(which, values)).catch(() => {});
  }
  $('all-off').addEventListener('click', () => { forms.faults.reset(); put('faults'); });

  function roster({ sections }) {
    const focused = document.activeElement && document.activeElement.dataset.focus;
    $('duty-list').replaceChildren(...sections.flatMap(({ name, posts }) => {
      const list = make('ul', 'roster');
      for (const post of posts) {
        const line = make('li');
        const button = make('button', post.away ? 'away' : '', post.away ? 'A岗返岗' : 'A岗离岗');
        button.type = 'button';
        button.dataset.focus = `duty/${name}/${post.name}`;
        button.setAttribute('aria-label', `${post.name}：${button.textContent}`);
        button.addEventListener('click', async () => {
          try {
            roster(await send('board/duty', 'PUT', { section: name, post: post.name, away: !post.away }));
            refresh();
          } catch (error) {
            alarm(`值班没有改成：${error.message}`);
          }
        });
        line.append(make('span', post.away ? 'who b' : 'who', post.on_duty), button);
        list.append(line);
      }
      return [make('h3', '', name), list];
    }));
    const back = focused && [...$('duty-list').querySelectorAll('[data-focus]')].find((it) => it.dataset.focus === focused);
    if (back) back.focus({ preventScroll: true });
  }

  function toggle(id, open) {
    for (const other of ['duty', 'faults']) {
      if (other !== id || !open) $(other).hidden = true;
      $(`open-${other}`).setAttribute('aria-expanded', String(other === id && open));
    }
    $(id).hidden = !open;
    (open ? $(id).querySelector('[data-close]') : $(`open-${id}`)).focus();
    if (open && id === 'duty') call('board/duty').then(roster).catch((error) => alarm(`值班表没有读到：${error.message}`));
  }
  for (const id of ['duty', 'faults']) {
    $(`open-${id}`).addEventListener('click', () => toggle(id, $(id).hidden));
    $(id).querySelector('[data-close]').addEventListener('click', () => toggle(id, false));
    $(id).addEventListener('keydown', (e) => { if (e.key === 'Escape') toggle(id, false); });
  }
}
