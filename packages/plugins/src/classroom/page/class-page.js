// The page of a class. Everything that comes from elsewhere is put in as text; nothing is ever read as HTML.
{
  const everyMs = 3000
  const staleMs = 15000
  const find = (id) => document.getElementById(id)
  const words = { absent: 'not there yet', coming: 'coming up', ready: 'ready', asleep: 'asleep', failed: 'failed' }
  const cards = new Map()
  let state = null
  // The clock of the browser may be wrong: time goes on from what Standin said last.
  let heardAt = performance.now()
  const now = () => Date.parse(state.at) + performance.now() - heardAt

  // What did not change is not touched: whoever selects an address, or is at a button, stays there.
  const put = (element, text) => {
    if (element.textContent !== text) element.textContent = text
  }
  const make = (parent, tag, className) => {
    const made = document.createElement(tag)
    made.className = className
    parent.append(made)
    return made
  }
  const say = (text) => {
    put(find('alarm'), text)
    find('alarm').hidden = text === ''
  }

  const here = Intl.DateTimeFormat().resolvedOptions().timeZone
  const time = (at, options, timeZone) => new Intl.DateTimeFormat([], { timeZone, hourCycle: 'h23', ...options }).format(new Date(at))
  const clock = { hour: '2-digit', minute: '2-digit' }
  const moment = (at, timeZone) => {
    const isToday = time(at, { dateStyle: 'short' }, timeZone) === time(now(), { dateStyle: 'short' }, timeZone)
    return time(at, isToday ? clock : { weekday: 'short', day: 'numeric', month: 'short', ...clock }, timeZone)
  }
  const span = ({ start, end, timeZone }) => {
    const where = timeZone === here ? '' : ` (${timeZone})`
    return `${moment(start, timeZone)} to ${moment(end, timeZone)}${where}`
  }
  const left = (at) => {
    const minutes = Math.ceil((Date.parse(at) - now()) / 60000)
    if (minutes < 120) return `${Math.max(0, minutes)} min`
    return minutes < 48 * 60 ? `${Math.round(minutes / 60)} h` : `${Math.round(minutes / 1440)} days`
  }

  const ask = find('ask')
  const wanted = (seat) => {
    put(find('ask-title'), `Make seat ${seat.seat}${seat.student === null ? '' : ` (${seat.student})`} anew?`)
    ask.returnValue = ''
    ask.showModal()
    return new Promise((done) => ask.addEventListener('close', () => done(ask.returnValue === 'yes'), { once: true }))
  }
  find('ask-no').addEventListener('click', () => ask.close())
  find('ask-yes').addEventListener('click', () => ask.close('yes'))

  const reset = async (number) => {
    const seat = state.seats.find((each) => each.seat === number)
    if (seat === undefined || !(await wanted(seat))) return
    const headers = { 'x-standin-proof': state.proof }
    const answer = await fetch(`page/seats/${number}/reset`, { method: 'POST', headers }).catch(() => null)
    if (answer === null) say('Standin can not be reached.')
    else say(answer.ok ? '' : ((await answer.json().catch(() => ({}))).detail ?? 'That did not work.'))
    await look()
  }

  const cardOf = (number) => {
    const card = make(find('seats'), 'li', 'seat')
    const parts = { card }
    make(card, 'p', 'number').textContent = number
    parts.who = make(card, 'h3', '')
    parts.address = make(card, 'p', 'address')
    parts.trouble = make(card, 'p', 'trouble')
    const said = make(card, 'p', 'said')
    parts.said = make(said, 'span', 'state')
    parts.used = make(said, 'span', 'used')
    parts.link = make(parts.address, 'a', '')
    parts.link.rel = 'noreferrer noopener'
    parts.link.target = '_blank'
    parts.button = make(card, 'button', '')
    parts.button.type = 'button'
    parts.button.textContent = 'Reset'
    parts.button.addEventListener('click', () => reset(number))
    return parts
  }

  const showSeat = (seat) => {
    if (!cards.has(seat.seat)) cards.set(seat.seat, cardOf(seat.seat))
    const { card, who, said, link, trouble, used, button } = cards.get(seat.seat)
    const name = seat.student ?? seat.name
    card.className = `seat ${seat.resetting ? 'coming' : seat.state}`
    put(who, name)
    put(said, seat.resetting ? 'being made anew' : words[seat.state])
    put(trouble, seat.trouble ?? '')
    trouble.hidden = seat.trouble === null
    const url = seat.url !== null && /^https?:/.test(seat.url) ? seat.url : null
    if (url === null) link.removeAttribute('href')
    else if (link.href !== url) link.href = url
    put(link, url === null ? '' : url.replace(/^https?:\/\//, '').replace(/\/$/, ''))
    put(used, seat.usedAt === null ? '' : `used ${moment(seat.usedAt)}`)
    button.disabled = seat.resetting || seat.state === 'absent'
    button.setAttribute('aria-label', `Reset seat ${seat.seat}, ${name}`)
  }

  const phases = {
    preparing: ({ session }) => [`Begins in ${left(session.start)}`, span(session)],
    session: ({ session }) => [`In session, ${left(session.end)} left`, span(session)],
    waiting: ({ next }) => (next === null ? ['No session is left', ''] : [`Next session in ${left(next.start)}`, span(next)]),
    over: () => ['Over', ''],
  }
  const showClass = () => {
    const { name, count, ready, seats, session, next, phase, trouble, report } = state
    document.title = `${name}: Standin`
    put(find('class'), name)
    const [title, held] = phases[phase](state)
    put(find('phase'), title)
    const then = session !== null && next !== null ? `; next ${moment(next.start, next.timeZone)}` : ''
    put(find('held'), `${held}${then}`)
    const isReady = session === null ? seats.filter((seat) => seat.state === 'ready').length : ready
    put(find('ready'), `${isReady} of ${count} ready`)
    find('bar').style.width = `${(100 * isReady) / Math.max(1, count)}%`
    const others = ['coming', 'asleep', 'failed', 'absent'].flatMap((each) => {
      const many = seats.filter((seat) => seat.state === each).length
      return many === 0 ? [] : [`${many} ${words[each]}`]
    })
    put(find('rest'), others.join(', '))
    put(find('trouble'), trouble ?? '')
    find('trouble').hidden = trouble === null
    for (const seat of seats) showSeat(seat)
    for (const [number, { card }] of cards) if (number > count && cards.delete(number)) card.remove()
    const lines = report.toReversed().map(({ at, seat, message }) => [moment(at), `${seat === null ? '' : `seat ${seat}: `}${message}`])
    if (find('report').dataset.shown === String(lines)) return
    find('report').dataset.shown = String(lines)
    find('report').replaceChildren()
    if (lines.length === 0) make(find('report'), 'li', 'quiet').textContent = 'Nothing failed, and nothing was reset.'
    for (const [at, text] of lines) {
      const entry = make(find('report'), 'li', '')
      make(entry, 'time', '').textContent = at
      entry.append(` ${text}`)
    }
  }

  const look = async () => {
    let gone = ''
    try {
      const answer = await fetch('page/now')
      if (answer.status === 401) return location.reload()
      if (answer.status === 404) gone = 'This class is not there any more.'
      if (!answer.ok) throw new Error()
      state = await answer.json()
      heardAt = performance.now()
      if (document.body.className !== 'live') say('')
      document.body.className = 'live'
      showClass()
    } catch {
      const isStale = gone !== '' || performance.now() - heardAt > staleMs
      if (isStale) {
        document.body.className = 'stale'
        const since = state === null ? '' : ` What stands here is of ${time(state.at, { ...clock, second: '2-digit' })}.`
        say(gone || `No connection to Standin.${since}`)
      }
    }
    put(find('link'), document.body.className === 'live' ? 'live' : 'not live')
  }
  const follow = async () => {
    if (!document.hidden) await look()
    setTimeout(follow, everyMs)
  }
  document.addEventListener('visibilitychange', () => document.hidden || look())
  follow()
}
