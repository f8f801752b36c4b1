// Runs on the board. Everything that comes is written as text, never as HTML: names, owners and messages are other people's.
{
  const at = (id) => document.getElementById(id)
  const heartbeatMs = 5_000
  const lostMs = 12_000
  const mostPauseMs = 15_000

  let now = null
  let receivedAt = 0
  let heardAt = performance.now()
  let page = null
  let source = null
  let pauseMs = 1_000
  let openAgainAt = 0

  // The screen's own clock may be wrong: time goes on from what Standin said last.
  const clock = () => (now === null ? Date.now() : Date.parse(now.at) + performance.now() - receivedAt)
  const format = (options) => {
    const made = new Map()
    return (value) => {
      const zone = now?.timeZone
      if (!made.has(zone)) made.set(zone, new Intl.DateTimeFormat(undefined, { timeZone: zone, ...options }))
      return made.get(zone).format(value)
    }
  }
  const hours = { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }
  const timeOfDay = format(hours)
  const exactly = format({ ...hours, second: '2-digit' })
  const weekday = format({ weekday: 'short', ...hours })
  const firstOfMonth = format({ month: 'long', year: 'numeric' })
  const day = format({ weekday: 'long', day: 'numeric', month: 'long' })

  const whole = new Intl.NumberFormat(undefined, { maximumFractionDigits: 0 })
  const short = new Intl.NumberFormat(undefined, { maximumFractionDigits: 1 })
  const count = (n, one, many) => `${short.format(n)} ${n === 1 ? one : many}`
  const money = (amount) => {
    const digits = amount < 1000 ? 2 : 0
    const currency = { style: 'currency', currency: now.money.currency, currencyDisplay: 'narrowSymbol' }
    return new Intl.NumberFormat(undefined, { ...currency, minimumFractionDigits: digits, maximumFractionDigits: digits }).format(amount)
  }
  const units = ['B', 'KB', 'MB', 'GB', 'TB', 'PB']
  const bytes = (size) => {
    let unit = 0
    let value = size
    for (; value >= 1000 && unit < units.length - 1; unit++) value /= 1024
    return [value < 10 && unit > 0 ? short.format(value) : whole.format(value), units[unit]]
  }
  const size = (value) => bytes(value).join(' ')
  const span = (ms) => {
    const minutes = Math.round(ms / 60_000)
    if (minutes < 1) return 'less than a minute'
    if (minutes < 120) return `${minutes} min`
    return minutes < 72 * 60 ? `${Math.round(minutes / 60)} h` : `${Math.round(minutes / 1440)} days`
  }

  const element = (tag, className, text) => {
    const made = document.createElement(tag)
    made.className = className
    if (text !== undefined) made.textContent = text
    return made
  }
  const write = (target, text) => {
    if (target.textContent !== text) target.textContent = text
  }
  const listed = (texts) => texts.filter(Boolean).join(' · ')

  const tile = (id, value, unit, below) => {
    const [number, text] = at(id).querySelectorAll('p')
    const [big, small] = number.children
    write(big, value)
    big.style.setProperty('--chars', String(value.length + (unit === '' ? 0 : 2.4)))
    write(small, unit)
    write(text, below)
  }

  const bar = (share) => {
    const track = element('span', 'bar')
    track.setAttribute('aria-hidden', 'true')
    const filled = track.appendChild(element('i', ''))
    filled.style.width = `${Math.min(100, Math.max(0, share * 100))}%`
    return track
  }
  const row = (className, ...parts) => {
    const made = element('li', className)
    made.append(...parts)
    return made
  }
  const quiet = (text, className = '') => row(`quiet ${className}`, text)

  // Rows that do not fit are counted instead.
  const panel = (id, rows, beyond, tone = '') => {
    const box = at(id)
    const [title, list, rest] = box.children
    box.className = `panel ${tone}`
    const isQuiet = rows[0]?.className.startsWith('quiet') ?? true
    list.replaceChildren(...rows)
    // It takes a line itself.
    rest.hidden = false
    write(rest, '–')
    let hidden = 0
    for (let index = rows.length - 1; index > 0 && list.scrollHeight > list.clientHeight + 1; index--) {
      rows[index].hidden = true
      hidden += 1
    }
    write(rest, `and ${whole.format(beyond + hidden)} more`)
    rest.hidden = beyond + hidden === 0
    write(title.querySelector('.count'), tone === '' || isQuiet ? '' : String(rows.length + beyond))
  }

  const drawTiles = () => {
    const { environments, svms, storage, projects, more } = now
    const { running, changing, suspended, stopped, failed } = environments
    const others = [
      [changing, 'changing'],
      [suspended, 'asleep'],
      [stopped, 'stopped'],
      [failed, 'failed'],
    ]
    const below = listed(others.map(([n, word]) => n > 0 && `${whole.format(n)} ${word}`))
    tile('environments', whole.format(running), '', below)
    const using = projects.filter((project) => project.svms > 0).length + more.projects
    tile('svms', whole.format(svms), '', using === 0 ? 'nothing runs' : `in ${count(using, 'project', 'projects')}`)
    tile('storage', ...bytes(storage.environmentsBytes + storage.templatesBytes), `${size(storage.templatesBytes)} are templates`)
    for (const id of ['today', 'month']) at(id).hidden = now.money === null
    if (now.money === null) return
    const upTo = Date.parse(now.money.upTo)
    tile('today', money(now.money.today), '', `until ${timeOfDay(upTo)}`)
    tile('month', money(now.money.month), '', firstOfMonth(upTo))
  }

  const drawShares = (id, shares, beyond, nameless) => {
    const figure = ({ month, svms }) => (now.money === null ? svms : (month ?? 0))
    const most = Math.max(...shares.map(figure), 1e-9)
    const rows = shares.map((share) =>
      row(
        '',
        element('span', share.name === '' ? 'text' : 'name', share.name || nameless),
        element('span', 'figure', now.money === null ? count(share.svms, 'SVM', 'SVMs') : money(share.month ?? 0)),
        bar(figure(share) / most),
        element(
          'span',
          'text wide',
          listed([
            `${whole.format(share.environments)} running`,
            now.money !== null && count(share.svms, 'SVM', 'SVMs'),
            size(share.storageBytes),
          ]),
        ),
      ),
    )
    panel(id, rows.length === 0 ? [quiet('Nobody uses anything.')] : rows, beyond)
  }

  const amount = (what, value) =>
    what === 'storage' ? size(value) : what.startsWith('money') && now.money ? money(value) : short.format(value)
  const drawQuotas = () => {
    const rows = now.quotas.map(({ who, what, used, limit, ratio }) =>
      row(
        ratio >= 1 ? 'bad' : 'near',
        element('span', 'name', who),
        element('span', 'figure', `${Math.floor(ratio * 100)} %`),
        bar(ratio),
        element('span', 'text wide', `${what}: ${amount(what, used)} of ${amount(what, limit)}`),
      ),
    )
    const tone = now.quotas.some(({ ratio }) => ratio >= 1) ? 'bad' : 'near'
    panel('quotas', rows.length === 0 ? [quiet('Nobody is near a quota.', 'good')] : rows, now.more.quotas, tone)
  }

  const drawFailed = () => {
    const rows = now.failed.map(({ environment, name, owner, message, since }) =>
      row(
        'bad',
        element('span', 'name', name),
        element('span', 'aside', `for ${span(clock() - Date.parse(since))}`),
        element('span', 'text wide', listed([environment, owner, message])),
      ),
    )
    panel('failed', rows.length === 0 ? [quiet('Nothing failed.', 'good')] : rows, now.more.failed, 'bad')
  }

  const drawNext = () => {
    at('next').hidden = now.next === null
    at('panels').classList.toggle('sleepless', now.next === null)
    if (now.next === null) return
    const rows = now.next.map(({ environment, name, owner, action, at: when, rule }) => {
      const due = Date.parse(when)
      const away = due - clock()
      return row(
        action === 'delete' ? 'near' : '',
        element('span', 'name', name),
        element('span', 'figure', away < 60_000 ? 'now' : `in ${span(away)}`),
        element('span', 'text', listed([action === 'delete' && 'to be deleted', environment, owner, rule])),
        element('span', 'aside', away < 20 * 3_600_000 ? timeOfDay(due) : weekday(due)),
      )
    })
    panel('next', rows.length === 0 ? [quiet('Nothing that is awake has a bedtime.')] : rows, 0)
  }

  const draw = () => {
    if (now === null) return
    // Room for each by what it has to say.
    const share = (rows, each) => (rows === 0 ? 'auto' : `minmax(0, ${3 + each * rows}fr)`)
    at('panels').style.gridTemplateRows = `${share(now.quotas.length, 3)} ${share(now.failed.length, 2)}`
    drawTiles()
    drawShares('projects', now.projects, now.more.projects, 'no project')
    drawShares('owners', now.owners, now.more.owners, 'nobody')
    drawQuotas()
    drawFailed()
    drawNext()
  }

  // What is shown is of now, or the whole board says that it is not, and since when.
  const judge = () => {
    const silent = performance.now() - heardAt
    const isLost = silent > lostMs
    const behind = now?.staleSince ?? null
    const since = isLost ? clock() - silent : Date.parse(behind ?? '')
    let alarm = ''
    if (isLost && now === null) alarm = 'No connection to Standin.'
    else if (isLost) alarm = `No connection since ${exactly(since)}. These numbers are ${span(clock() - since)} old.`
    else if (behind !== null) alarm = `Standin can not count since ${exactly(since)}. These numbers are ${span(clock() - since)} old.`
    document.body.className = alarm !== '' ? 'stale' : now === null || silent > 2 * heartbeatMs ? '' : 'live'
    write(at('link'), alarm !== '' ? 'not live' : now === null ? 'connecting' : 'live')
    write(at('alarm'), alarm)
    if (at('alarm').hidden !== (alarm === '')) {
      at('alarm').hidden = alarm === ''
      draw()
    }
    write(at('day'), now === null ? '' : day(clock()))
    write(at('time'), now === null ? '' : timeOfDay(clock()))
    document.title = alarm !== '' ? 'Not live: Standin' : now === null ? 'Standin: usage' : `${now.environments.running} running: Standin`
  }

  const heard = () => {
    heardAt = performance.now()
    pauseMs = 1_000
  }

  const open = () => {
    source?.close()
    source = new EventSource('board/stream')
    source.addEventListener('page', ({ data }) => {
      // Standin was brought up to date: so is its board.
      if (page !== null && page !== data) location.reload()
      page = data
      heard()
    })
    source.addEventListener('beat', heard)
    source.addEventListener('now', ({ data }) => {
      now = JSON.parse(data)
      receivedAt = performance.now()
      heard()
      draw()
      judge()
    })
    // Whether it tries again by itself depends on what went wrong: not left to it.
    source.addEventListener('error', () => {
      source.close()
      openAgainAt = performance.now() + pauseMs
      pauseMs = Math.min(mostPauseMs, pauseMs * 2)
      void leaveIfRefused()
    })
  }

  // A screen that may not look any more shall not go on showing what it saw.
  const leaveIfRefused = async () => {
    const answer = await fetch(location.pathname, { method: 'GET', cache: 'no-store' }).catch(() => null)
    if (answer?.status === 401) location.reload()
  }

  setInterval(() => {
    const isDead = source.readyState !== EventSource.CLOSED && performance.now() - heardAt > lostMs + heartbeatMs
    if (isDead) {
      // The other end may be gone without a word.
      heardAt = Math.min(heardAt, performance.now() - lostMs - 1)
      source.close()
      openAgainAt = 0
    }
    if (source.readyState === EventSource.CLOSED && performance.now() >= openAgainAt) {
      openAgainAt = performance.now() + mostPauseMs
      open()
    }
    judge()
  }, 1_000)
  // "in 12 min" becomes "in 11 min".
  setInterval(draw, 20_000)
  addEventListener('resize', draw)
  open()
}
