// The board: polls every two seconds, ticks the clocks every second, posts the moves. All addresses are relative,
// so that it works under any base path.
(() => {
  'use strict';
  const STATES = {
    received: '待受理', accepted: '已受理', assigned: '已交办', in_progress: '处置中',
    extended: '已延期', returned: '已退回', resolved: '已办结', merged: '已合并', closed: '已结案',
  };
  const MOVES = {
    accept: '受理', assign: '交办', start: '开始处置', resolve: '办结', close: '结案',
    extend: '延期', return: '退回', merge: '合并',
  };
  // A reason is asked for where the resident will want one.
  const NEEDS_NOTE = { extend: '请写明延期事由', return: '请写明退回原因', merge: '请写明并入哪个事件' };
  const $ = (id) => document.getElementById(id);
  const make = (tag, cls, text) => {
    const it = document.createElement(tag);
    if (cls) it.className = cls;
    if (text !== undefined && text !== null) it.textContent = text;
    return it;
  };
  let filter = '';
  let section = null;
  let skew = 0; // the platform's clock minus this device's, in ms
  let shown = '';
  let polling = false;
  let pending = null; // the move that the dialog is about
  let opener = null;

  async function call(path, options) {
    const answer = await fetch(path, { cache: 'no-store', ...options });
    const body = await answer.json().catch(() => ({}));
    if (!answer.ok) throw new Error(body.detail || `平台答复 ${answer.status}`);
    return body;
  }
  const send = (path, method, body) =>
    call(path, { method, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });

  function alarm(text) {
    $('alarm').textContent = text || '';
    $('alarm').hidden = !text;
  }

  function span(ms) {
    const s = Math.floor(Math.abs(ms) / 1000);
    const [d, h, m] = [Math.floor(s / 86400), Math.floor(s / 3600) % 24, Math.floor(s / 60) % 60];
    if (d) return `${d}天${h}小时`;
    if (h) return `${h}小时${m}分`;
    return `${m}分${String(s % 60).padStart(2, '0')}秒`;
  }
  const when = (text) => (text ? text.slice(5, 19).replace('T', ' ') : '');

  function tick() {
    const now = Date.now() + skew;
    for (const clock of document.querySelectorAll('.clock[data-by]')) {
      const left = Date.parse(clock.dataset.by) - now;
      clock.className = left < 0 ? 'clock late' : left < 120000 ? 'clock soon' : 'clock';
      clock.textContent = left < 0 ? `受理已超时 ${span(left)}` : `距受理时限 ${span(left)}`;
    }
  }

  function card(it) {
    const node = $('card').content.firstElementChild.cloneNode(true);
    const set = (cls, text) => { node.querySelector(cls).textContent = text || ''; };
    node.classList.toggle('urgent', it.urgent);
    node.classList.toggle('done', !it.moves.length);
    set('.no', it.number ? `${it.external_no} · ${it.number}` : it.external_no);
    set('.urgency', it.urgency);
    set('.title', it.title);
    set('.place', it.place);
    set('.post', it.handler || it.post);
    set('.state', STATES[it.state]);
    node.querySelector('.title').addEventListener('click', (e) => openDetail(it, e.currentTarget));
    const clock = node.querySelector('.clock');
    if (it.accepted_at) {
      const late = Date.parse(it.accepted_at) > Date.parse(it.accept_by);
      clock.textContent = `${late ? '超时受理' : '按时受理'}，用时 ${span(Date.parse(it.accepted_at) - Date.parse(it.received_at))}`;
      clock.classList.toggle('late', late);
    } else if (it.state === 'received') {
      clock.dataset.by = it.accept_by;
    } else {
      clock.hidden = true;
    }
    const moves = node.querySelector('.moves');
    it.moves.forEach((move, i) => {
      const button = make('button', i === 0 ? 'main' : '', MOVES[move]);
      button.type = 'button';
      button.dataset.focus = `${it.external_no}/${move}`;
      button.addEventListener('click', (e) => openMove(it, move, e.currentTarget));
      moves.append(button);
    });
    return node;
  }

  // What waits for acceptance stands first, the nearest deadline on top; the rest newest first; what is over, last.
  function byNeed(a, b) {
    const rank = (it) => (it.state === 'received' ? 0 : it.moves.length ? 1 : 2);
    if (rank(a) !== rank(b)) return rank(a) - rank(b);
    return rank(a) === 0 ? a.accept_by.localeCompare(b.accept_by) : b.updated_at.localeCompare(a.updated_at);
  }

  function draw(data) {
    const text = JSON.stringify([data.incidents, filter, section]);
    if (text === shown) return;
    shown = text;
    const focused = document.activeElement && document.activeElement.dataset.focus;
    if (!section) {
      const busiest = data.sections.find((s) => data.incidents.some((it) => it.section === s.name && it.state === 'received'));
      section = (busiest || data.sections.find((s) => data.incidents.some((it) => it.section === s.name)) || data.sections[0]).name;
    }
    const columns = [];
    const tabs = [];
    for (const { name } of data.sections) {
      const mine = data.incidents.filter((it) => it.section === name).sort(byNeed);
      const column = make('section', name === section ? 'column shown' : 'column');
      column.setAttribute('aria-label', name);
      const head = make('h2', '', name);
      head.append(make('span', 'count', String(mine.length)));
      const cards = make('div', 'cards');
      cards.append(...mine.map(card));
      if (!mine.length) cards.append(make('p', 'empty', filter ? '没有这个状态的事件' : '暂无事件。居民确认的工单会出现在这里。'));
      column.append(head, cards);
      columns.push(column);
      const tab = make('button', '', `${name} ${mine.length}`);
      tab.type = 'button';
      tab.setAttribute('role', 'tab');
      tab.setAttribute('aria-selected', String(name === section));
      tab.dataset.focus = `tab/${name}`;
      tab.addEventListener('click', () => { section = name; draw(data); });
      tabs.push(tab);
    }
    $('columns').replaceChildren(...columns);
    $('tabs').replaceChildren(...tabs);
    if (focused) {
      const again = [...document.querySelectorAll('[data-focus]')].find((it) => it.dataset.focus === focused);
      if (again) again.focus({ preventScroll: true });
    }
    tick();
  }

  async function poll() {
    if (polling) return;
    polling = true;
    try {
      const data = await call(`board/incidents${filter ? `?state=${filter}` : ''}`);
      skew = Date.parse(data.now) - Date.now();
      const waiting = data.incidents.filter((it) => it.state === 'received').length;
      $('numbers').textContent = `共 ${data.incidents.length} 件 · 待受理 ${waiting} 件 · 待回告 ${data.pending_callbacks} 条`;
      draw(data);
      if ($('alarm').dataset.net) { alarm(''); delete $('alarm').dataset.net; }
    } catch (error) {
      alarm(`看板暂时读不到数据：${error.message}`);
      $('alarm').dataset.net = '1';
    } finally {
      polling = false;
    }
  }

  function openMove(it, move, from) {
    pending = { it, move };
    opener = from;
    $('move-title').textContent = MOVES[move];
    $('move-what').textContent = `${it.external_no} ${it.title}`;
    $('note-hint').textContent = NEEDS_NOTE[move] || '选填，会告知居民';
    const form = $('move-form');
    form.elements.handler.value = it.handler || it.post;
    form.elements.note.value = '';
    form.elements.note.required = Boolean(NEEDS_NOTE[move]);
    $('move').showModal();
    form.elements.note.focus();
  }

  async function doMove(event) {
    event.preventDefault();
    if (!pending) return;
    const form = $('move-form');
    const { it, move } = pending;
    $('move-go').disabled = true;
    try {
      await send(`board/incidents/${encodeURIComponent(it.external_no)}/${move}`, 'POST', {
        note: form.elements.note.value || null,
        handler: form.elements.handler.value || null,
      });
      alarm('');
    } catch (error) {
      alarm(`没有成功：${error.message}`);
    } finally {
      $('move-go').disabled = false;
      pending = null;
      $('move').close();
      poll();
    }
  }

  function facts(pairs) {
    const list = make('dl');
    for (const [name, value] of pairs) {
      if (value === null || value === undefined || value === '') continue;
      list.append(make('dt', '', name));
      list.append(value instanceof Node ? value : make('dd', '', String(value)));
    }
    return list;
  }

  async function openDetail(it, from) {
    opener = from;
    let full;
    try {
      full = await call(`board/incidents/${encodeURIComponent(it.external_no)}`);
    } catch (error) {
      alarm(`没有读到：${error.message}`);
      return;
    }
    const body = full.body || {};
    const reporter = make('dd', '', '已隐藏 ');
    const reveal = make('button', '', '查看反映人');
    reveal.type = 'button';
    reveal.addEventListener('click', async () => {
      try {
        const who = await call(`board/incidents/${encodeURIComponent(it.external_no)}/reporter`);
        reporter.textContent = who.anonymous ? '匿名反映' : [who.name, who.phone].filter(Boolean).join(' ') || '未留信息';
      } catch (error) {
        reporter.textContent = error.message;
      }
    });
    reporter.append(reveal);
    $('detail-title').textContent = full.title;
    const history = make('ol', 'history');
    for (const step of full.history) {
      const line = make('li');
      line.append(make('time', '', when(step.at)), document.createElement('br'));
      line.append(make('strong', '', STATES[step.state]), ` ${[step.handler, step.note].filter(Boolean).join('：')}`);
      history.append(line);
    }
    $('detail-body').replaceChildren(
      facts([
        ['平台编号', full.external_no], ['工单编号', full.number], ['状态', STATES[full.state]],
        ['板块岗位', `${full.section} · ${full.post}`], ['紧急程度', full.urgency], ['地点', full.place],
        ['类别', body.category && (body.category.path || [body.category.name]).join(' › ')],
        ['描述', body.description], ['接收时间', when(full.received_at)], ['受理时限', when(full.accept_by)], ['反映人', reporter],
      ]),
      make('h2', '', '办理过程'), history,
    );
    $('detail').showModal();
  }

  for (const id of ['move', 'detail']) {
    $(id).addEventListener('close', () => {
      pending = null;
      if (opener && opener.isConnected) opener.focus({ preventScroll: true });
    });
  }
  $('move-form').addEventListener('submit', doMove);
  $('move-cancel').addEventListener('click', () => $('move').close());
  $('detail-close').addEventListener('click', () => $('detail').close());

  // Fault switches
  const faultForm = $('faults-form');
  function showFaults(faults) {
    for (const [name, value] of Object.entries(faults)) {
      const field = faultForm.elements[name];
      if (!field) continue;
      if (field.type === 'checkbox') field.checked = value; else field.value = value;
    }
    labels();
    const on = Object.values(faults).some(Boolean);
    $('open-faults').textContent = on ? '故障开关（已开启）' : '故障开关';
  }
  function labels() {
    for (const out of faultForm.querySelectorAll('output')) {
      out.textContent = `${Math.round(Number(faultForm.elements[out.htmlFor.value].value) * 100)}%`;
    }
  }
  async function putFaults() {
    const e = faultForm.elements;
    try {
      showFaults(await send('board/faults', 'PUT', {
        latency_ms: Math.max(0, Math.min(60000, Math.round(Number(e.latency_ms.value) || 0))),
        error_rate: Number(e.error_rate.value),
        drop_after_store: Number(e.drop_after_store.value),
        refuse_signature: e.refuse_signature.checked,
        down: e.down.checked,
      }));
    } catch (error) {
      alarm(`故障开关没有生效：${error.message}`);
    }
  }
  function drawer(open) {
    $('faults').hidden = !open;
    $('open-faults').setAttribute('aria-expanded', String(open));
    (open ? $('close-faults') : $('open-faults')).focus();
  }
  faultForm.addEventListener('input', labels);
  faultForm.addEventListener('change', putFaults);
  faultForm.addEventListener('submit', (e) => e.preventDefault());
  $('all-off').addEventListener('click', () => { faultForm.reset(); putFaults(); });
  $('open-faults').addEventListener('click', () => drawer($('faults').hidden));
  $('close-faults').addEventListener('click', () => drawer(false));
  document.addEventListener('keydown', (e) => { if (e.key === 'Escape' && !$('faults').hidden) drawer(false); });

  for (const [word, name] of [['', '全部'], ...Object.entries(STATES)]) {
    const button = make('button', '', name);
    button.type = 'button';
    button.setAttribute('aria-pressed', String(word === filter));
    button.addEventListener('click', () => {
      filter = word;
      for (const other of $('filter').children) other.setAttribute('aria-pressed', String(other === button));
      poll();
    });
    $('filter').append(button);
  }
  call('board/faults').then(showFaults).catch(() => {});
  poll();
  setInterval(() => { if (!document.hidden) poll(); }, 2000);
  setInterval(tick, 1000);
  document.addEventListener('visibilitychange', () => { if (!document.hidden) poll(); });
})();
