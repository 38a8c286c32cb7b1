// The board: polls every two seconds, ticks the clocks every second by the platform's own time, posts the moves.
// All addresses are relative, so that it works under any base path.
import { drawers } from './drawers.js';

const STATES = {
  received: '待受理', accepted: '已受理', assigned: '已交办', in_progress: '处置中',
  extended: '已延期', returned: '退回待审', resolved: '已办结', merged: '已合并', closed: '已结案',
};
const MOVES = {
  accept: '受理', assign: '交办', start: '开始处置', resolve: '办结', close: '结案', extend: '延期', return: '退回',
  merge: '合并', ask_extension: '申请再次延期', approve_extension: '值班领导同意延期', refuse_extension: '不同意延期',
  agree_return: '同意退回并改派', refuse_return: '不同意退回',
};
const EVENTS = {
  pushed: '接收', attachment: '收到附件', reopened: '重新办理', withdrawn: '撤销', joined: '合并反映', split: '拆分反映',
  supplemented: '补充', extended: '时限调整', rerouted: '改派', rated: '评价', moved: '推进',
};
// A reason is asked for where the resident will want one.
const HINTS = {
  extend: '请写明延期事由，会告知居民', ask_extension: '请写明事由，由值班领导决定', return: '请写明退回原因，由指挥中心审核',
  merge: '请写明并入哪个事件', refuse_return: '请写明理由', refuse_extension: '请写明理由',
};
const BY = {
  agree_return: '指挥中心审核岗', refuse_return: '指挥中心审核岗', approve_extension: '值班领导', refuse_extension: '值班领导',
};
// The figures on top are also the quick filters: what each one asks the platform for.
const STATS = [
  ['total', '全部', {}, ''], ['waiting', '待受理', { state: 'received' }, ''], ['overdue', '已超时', { clock: 'overdue' }, 'bad'],
  ['soon', '即将到期', { clock: 'soon' }, 'warn'], ['returned', '退回待审', { state: 'returned' }, ''],
  ['asked', '待批延期', { asked: 'true' }, ''],
];
const $ = (id) => document.getElementById(id);
const make = (tag, cls, text) => {
  const it = document.createElement(tag);
  if (cls) it.className = cls;
  if (text !== undefined && text !== null) it.textContent = text;
  return it;
};
const narrow = matchMedia('(max-width: 899px)');
const want = { state: '', clock: '', asked: '', section: '', post: '' };
let board = null; // the newest answer
let skew = 0; // the platform's clock minus this device's, in ms
let shown = '';
let polling = false;
let again = false; // somebody changed the filter while an answer was on its way
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
const address = (it, rest = '') => `board/incidents/${encodeURIComponent(it.external_no)}${rest}`;

function alarm(text, where = 'alarm') {
  $(where).textContent = text || '';
  $(where).hidden = !text;
}

function span(ms) {
  const s = Math.floor(Math.abs(ms) / 1000);
  const [d, h, m] = [Math.floor(s / 86400), Math.floor(s / 3600) % 24, Math.floor(s / 60) % 60];
  if (d) return `${d}天${h}小时`;
  if (h) return `${h}小时${m}分`;
  return `${m}分${String(s % 60).padStart(2, '0')}秒`;
}
const when = (text) => (text ? text.slice(5, 16).replace('T', ' ') : '');

// The clocks count by the platform's time; colour and words always say the same.
function tick() {
  const now = Date.now() + skew;
  for (const card of document.querySelectorAll('.card')) {
    let level = '';
    for (const clock of card.querySelectorAll('.clock[data-by]')) {
      const left = Date.parse(clock.dataset.by) - now;
      const mine = left < 0 ? 'late' : now >= Date.parse(clock.dataset.soon) ? 'soon' : '';
      clock.className = `clock ${mine}`;
      clock.lastChild.textContent = left < 0 ? `超时 ${span(left)}` : `剩 ${span(left)}`;
      if (mine === 'late' || !level) level = mine || level;
    }
    card.classList.toggle('late', level === 'late');
    card.classList.toggle('soon', level === 'soon');
  }
}

function clock(name, it) {
  const node = make('p', 'clock');
  node.append(make('span', 'what', name), make('span', 'left'));
  if (it.running) {
    node.dataset.by = it.by;
    node.dataset.soon = it.soon_at;
    node.title = `时限 ${when(it.by)}`;
  } else if (it.done_at) {
    node.classList.add('done');
    if (it.late) node.classList.add('was-late');
    node.lastChild.textContent = `${it.late ? '超时' : '按时'}，用时 ${span(Date.parse(it.done_at) - Date.parse(it.since))}`;
  } else {
    return null;
  }
  return node;
}

function marks(it) {
  return [
    it.withdrawn && '居民已撤销', it.round > 1 && `第${it.round}次办理`, it.people > 1 && `${it.people}人反映`,
    it.affected && `影响${it.affected}人`, it.returns && `退回${it.returns}次`, it.extensions && `延期${it.extensions}次`,
  ].filter(Boolean);
}

function card(it) {
  const node = $('card').content.firstElementChild.cloneNode(true);
  const set = (cls, text) => { const part = node.querySelector(cls); part.textContent = text || ''; part.hidden = !text; };
  node.classList.toggle('urgent', it.urgent);
  node.classList.toggle('done', !it.moves.length);
  set('.no', it.number ? `${it.external_no} · ${it.number}` : it.external_no);
  set('.urgency', it.urgency);
  set('.title', it.title);
  set('.place', it.place);
  set('.post', narrow.matches && !want.section ? `${it.section} · ${it.on_duty}` : it.on_duty);
  set('.state', it.withdrawn ? '已撤销' : STATES[it.state]);
  set('.asked', it.asked && `申请延期至 ${when(it.asked.until)}：${it.asked.note}`);
  const title = node.querySelector('.title');
  title.dataset.focus = `${it.external_no}/title`;
  title.addEventListener('click', (e) => openDetail(it, e.currentTarget));
  const line = node.querySelector('.marks');
  line.append(...marks(it).map((text) => make('span', 'mark', text)));
  line.hidden = !line.childElementCount;
  const clocks = [clock('受理', it.clocks.accept), it.clocks.resolve && clock('办结', it.clocks.resolve)];
  // What was taken back was neither in time nor late.
  if (!it.withdrawn) node.querySelector('.clocks').append(...clocks.filter(Boolean));
  const moves = node.querySelector('.moves');
  it.moves.forEach((move, i) => {
    const button = make('button', i === 0 ? 'main' : '', MOVES[move] || move);
    button.type = 'button';
    button.dataset.focus = `${it.external_no}/${move}`;
    button.addEventListener('click', (e) => openMove(it, move, e.currentTarget));
    moves.append(button);
  });
  return node;
}

function column(name, cards) {
  const node = make('section', 'column');
  node.setAttribute('aria-label', name);
  const head = make('h2', '', name);
  head.append(make('span', 'count', `${cards.length} 件`));
  const list = make('div', 'cards');
  const filtered = Object.values(want).some(Boolean);
  list.append(...cards.map(card));
  if (!cards.length) list.append(make('p', 'empty', filtered ? '没有符合筛选的事件' : '暂无事件。居民确认的工单会出现在这里。'));
  node.append(head, list);
  return node;
}

function tab(name, label) {
  const node = make('button', '', label);
  node.type = 'button';
  node.setAttribute('role', 'tab');
  node.setAttribute('aria-selected', String(name === want.section));
  node.tabIndex = name === want.section ? 0 : -1;
  node.dataset.focus = `tab/${name}`;
  node.addEventListener('click', () => { want.section = name; want.post = ''; refilter(); });
  return node;
}

function options(select, groups, value) {
  select.replaceChildren(...groups);
  select.value = value;
  if (select.selectedIndex < 0) select.selectedIndex = 0;
}
const option = (value, text) => { const it = make('option', '', text); it.value = value; return it; };

function draw() {
  const { incidents, sections, counts } = board;
  const text = JSON.stringify([incidents, sections, counts, want, narrow.matches]);
  if (text === shown) return;
  shown = text;
  const focused = document.activeElement && document.activeElement.dataset.focus;
  // A phone shows one list, the most pressing first whatever its section; a desk shows the sections side by side.
  const single = narrow.matches || want.section;
  $('columns').classList.toggle('single', Boolean(single));
  $('columns').replaceChildren(...(single
    ? [column(want.section || '全部板块', incidents)]
    : sections.map(({ name }) => column(name, incidents.filter((it) => it.section === name)))));
  $('tabs').replaceChildren(tab('', '全部'), ...sections.map(({ name, count }) => tab(name, `${name} ${count}`)));
  $('stats').replaceChildren(...STATS.map(([key, label, filter, tone]) => {
    const node = make('button', counts[key] ? `stat ${tone}` : 'stat none');
    node.type = 'button';
    node.append(make('strong', '', String(counts[key])), make('span', '', label));
    const on = ['state', 'clock', 'asked'].every((name) => want[name] === (filter[name] || ''));
    node.setAttribute('aria-pressed', String(on));
    node.dataset.focus = `stat/${key}`;
    node.addEventListener('click', () => { Object.assign(want, { state: '', clock: '', asked: '' }, filter); refilter(); });
    return node;
  }));
  options($('state'), [option('', '全部状态'), ...Object.entries(STATES).map(([word, name]) => option(word, name))], want.state);
  const mine = sections.filter(({ name }) => !want.section || name === want.section);
  options($('post'), [option('', '全部岗位'), ...mine.map(({ name, posts }) => {
    const group = make('optgroup');
    group.label = name;
    group.append(...posts.map((post) => option(`${name}/${post.name}`, post.count ? `${post.name}（${post.count}）` : post.name)));
    return group;
  })], want.post);
  if (focused) {
    const back = [...document.querySelectorAll('[data-focus]')].find((it) => it.dataset.focus === focused);
    if (back) back.focus({ preventScroll: true });
  }
  tick();
}

function refilter() {
  again = true;
  poll();
}

async function poll() {
  if (polling) return;
  polling = true;
  try {
    do {
      again = false;
      const [section, post] = want.post ? want.post.split('/') : [want.section, ''];
      const asked = { state: want.state, clock: want.clock, asked: want.asked, section, post };
      const query = new URLSearchParams(Object.entries(asked).filter(([, value]) => value));
      board = await call(`board/incidents?${query}`);
      skew = Date.parse(board.now) - Date.now();
      const { counts } = board;
      const lost = counts.lost ? ` · 已丢失 ${counts.lost} 件（故障）` : '';
      $('numbers').textContent = `办理中 ${counts.working} · 已结束 ${counts.ended} · 待回告 ${board.pending_callbacks} 条${lost}`;
      $('own-name').textContent = board.name ? ` · ${board.name}` : '';
      const spoken = `已超时 ${counts.overdue} 件，待受理 ${counts.waiting} 件`;
      if ($('spoken').textContent !== spoken) $('spoken').textContent = spoken;
      draw();
    } while (again);
    if ($('alarm').dataset.net) { alarm(''); delete $('alarm').dataset.net; }
  } catch (error) {
    alarm(`看板暂时读不到数据：${error.message}`);
    $('alarm').dataset.net = '1';
  } finally {
    polling = false;
  }
}

// A day after whichever is later, now or the deadline, in the street's own time.
function dayAfter(it) {
  const from = [board.now, it.resolve_by || ''].sort().pop();
  return new Date(Date.parse(`${from.slice(0, 16)}Z`) + 86400000).toISOString().slice(0, 16);
}

function openMove(it, move, from) {
  pending = { it, move };
  opener = from;
  const needs = board.needs[move];
  const form = $('move-form');
  $('move-title').textContent = MOVES[move] || move;
  $('move-what').textContent = `${it.external_no} ${it.title}`;
  $('note-hint').textContent = HINTS[move] || '选填，会告知居民';
  form.reset();
  alarm('', 'move-alarm');
  form.elements.handler.placeholder = `不填则为 ${BY[move] || it.on_duty}`;
  form.elements.note.required = needs === 'note' || needs === 'note_and_until';
  $('row-until').hidden = needs !== 'note_and_until';
  form.elements.until.required = needs === 'note_and_until';
  form.elements.until.value = needs === 'note_and_until' ? dayAfter(it) : '';
  $('row-post').hidden = needs !== 'post';
  form.elements.to.required = needs === 'post';
  options(form.elements.to, [option('', '请选择岗位'), ...board.sections.map(({ name, posts }) => {
    const group = make('optgroup');
    group.label = name;
    const others = posts.filter((post) => name !== it.section || post.name !== it.post);
    group.append(...others.map((post) => option(`${name}/${post.name}`, `${name} · ${post.name}`)));
    return group;
  })], '');
  $('move').showModal();
  (needs === 'post' ? form.elements.to : form.elements.note).focus();
}

async function doMove(event) {
  event.preventDefault();
  if (!pending) return;
  const form = $('move-form');
  const { it, move } = pending;
  const needs = board.needs[move];
  const [section, post] = needs === 'post' ? form.elements.to.value.split('/') : [null, null];
  $('move-go').disabled = true;
  try {
    await send(address(it, `/${move}`), 'POST', {
      note: form.elements.note.value || null,
      handler: form.elements.handler.value || null,
      until: form.elements.until.value || null,
      section, post,
    });
    alarm('');
    $('move').close();
  } catch (error) {
    // The words stay where they were written.
    alarm(`没有成功：${error.message}`, 'move-alarm');
  } finally {
    $('move-go').disabled = false;
    refilter();
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

function files(it) {
  const list = make('ul', 'files');
  for (const file of it.attachments) {
    const link = make('a');
    link.href = address(it, `/attachments/${encodeURIComponent(file.id)}`);
    link.target = '_blank';
    link.rel = 'noopener';
    if (/^image\/(jpeg|png|webp)$/.test(file.content_type)) {
      const picture = make('img');
      picture.src = link.href;
      picture.alt = file.file_name;
      picture.loading = 'lazy';
      link.append(picture);
    }
    link.append(make('span', '', `${file.file_name}（${Math.ceil(file.bytes / 1024)} KB）`));
    const line = make('li');
    line.append(link);
    list.append(line);
  }
  return list;
}

function reporter(it) {
  const node = make('dd', '', '已隐藏 ');
  const reveal = make('button', '', '查看反映人');
  reveal.type = 'button';
  reveal.addEventListener('click', async () => {
    try {
      const who = await call(address(it, '/reporter'));
      node.textContent = who.anonymous ? '匿名反映' : [who.name, who.phone].filter(Boolean).join(' ') || '未留信息';
    } catch (error) {
      node.textContent = error.message;
    }
  });
  node.append(reveal);
  return node;
}

// Pressed twice: what is lost does not come back by itself.
function forget(it) {
  const button = make('button', 'danger', '模拟丢失此事件');
  button.type = 'button';
  button.addEventListener('click', async () => {
    if (!button.dataset.sure) {
      button.dataset.sure = '1';
      button.textContent = '确认丢失？只有重新推送才会再出现';
      return;
    }
    try {
      await send(address(it, '/forget'), 'POST', {});
      $('detail').close();
    } catch (error) {
      button.textContent = error.message;
    }
    refilter();
  });
  return button;
}

async function openDetail(it, from) {
  opener = from;
  let full;
  try {
    full = await call(address(it));
  } catch (error) {
    alarm(`没有读到：${error.message}`);
    return;
  }
  const body = full.body || {};
  $('detail-title').textContent = full.title;
  const history = make('ol', 'history');
  for (const step of full.history) {
    const line = make('li');
    const what = EVENTS[step.what] || MOVES[step.what] || STATES[step.state];
    line.append(make('time', '', step.at.slice(5, 19).replace('T', ' ')), document.createElement('br'));
    line.append(make('strong', '', what), ` ${[step.handler, step.note].filter(Boolean).join('：')}`);
    history.append(line);
  }
  const parts = [
    facts([
      ['平台编号', full.external_no], ['工单编号', full.number], ['状态', full.withdrawn ? '已撤销' : STATES[full.state]],
      ['板块岗位', `${full.section} · ${full.post}`], ['值班', full.on_duty], ['紧急程度', full.urgency], ['地点', full.place],
      ['类别', body.category && (body.category.path || [body.category.name]).join(' › ')],
      ['描述', body.description], ['情况', marks(full).join(' · ')],
      ['接收时间', when(full.received_at)], ['受理时限', when(full.accept_by)], ['办结时限', when(full.resolve_by)],
      ['时限依据', full.basis], ['反映人', reporter(full)],
    ]),
  ];
  if (full.attachments.length) parts.push(make('h2', '', `附件（${full.attachments.length}）`), files(full));
  parts.push(make('h2', '', '办理过程'), history, forget(full));
  $('detail-body').replaceChildren(...parts);
  $('detail').showModal();
  $('detail').scrollTop = 0;
}

for (const id of ['move', 'detail']) {
  $(id).addEventListener('close', () => {
    pending = null;
    const name = opener && opener.dataset.focus;
    const back = [...document.querySelectorAll('[data-focus]')].find((it) => it.dataset.focus === name);
    if (back) back.focus({ preventScroll: true });
  });
}
$('move-form').addEventListener('submit', doMove);
$('move-cancel').addEventListener('click', () => $('move').close());
$('detail-close').addEventListener('click', () => $('detail').close());
$('state').addEventListener('change', (e) => { Object.assign(want, { state: e.target.value, clock: '', asked: '' }); refilter(); });
$('post').addEventListener('change', (e) => { want.post = e.target.value; refilter(); });
// Arrow keys go along the tabs, as a list of tabs promises.
$('tabs').addEventListener('keydown', (e) => {
  const tabs = [...$('tabs').children];
  const at = tabs.indexOf(document.activeElement);
  const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: tabs.length - 1 }[e.key];
  if (at < 0 || to === undefined) return;
  e.preventDefault();
  const next = tabs[(to + tabs.length) % tabs.length];
  next.focus();
  next.click();
});
narrow.addEventListener('change', () => { if (board) draw(); });
drawers({ $, make, call, send, alarm, refresh: refilter });
poll();
setInterval(() => { if (!document.hidden) poll(); }, 2000);
setInterval(tick, 1000);
document.addEventListener('visibilitychange', () => { if (!document.hidden) poll(); });
