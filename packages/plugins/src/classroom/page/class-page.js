// The page of a class. Everything that comes from elsewhere is put in as text; nothing is ever read as HTML.
{
  const everyMs = 3000
  const staleMs = 15000
  const find = (id) => document.getElementById(id)
  const words = { absent: 'not there yet', coming: 'coming up', ready: 'ready', asleep: 'asleep', failed: 'failed' }
  let proof = ''
  let heardAt = 0

  const cell = (row, text, className) => {
    const made = row.insertCell()
    made.textContent = text
    if (className !== undefined) made.className = className
    return made
  }
  const time = (at) => new Date(at).toLocaleString([], { dateStyle: 'short', timeStyle: 'short' })
  const say = (text) => {
    find('alarm').textContent = text
    find('alarm').hidden = text === ''
  }

  const reset = async (button, { seat, name }) => {
    if (!confirm(`Make ${name} anew? What is in it now goes to the trash.`)) return
    button.disabled = true
    const answer = await fetch(`page/seats/${seat}/reset`, { method: 'POST', headers: { 'x-standin-proof': proof } }).catch(() => null)
    if (answer === null) say('Standin can not be reached.')
    else if (!answer.ok) say((await answer.json().catch(() => ({}))).detail ?? 'That did not work.')
    else say('')
    await look()
  }

  const seatRow = (row, seat) => {
    cell(row, seat.name)
    cell(row, seat.student ?? '')
    cell(row, `${seat.resetting ? 'being made anew' : words[seat.state]}${seat.trouble === null ? '' : `: ${seat.trouble}`}`, seat.state)
    const address = cell(row, '')
    if (seat.url !== null && /^https?:/.test(seat.url)) {
      const link = document.createElement('a')
      link.href = seat.url
      link.textContent = seat.url
      link.rel = 'noreferrer noopener'
      link.target = '_blank'
      address.append(link)
    }
    cell(row, seat.usedAt === null ? '' : time(seat.usedAt))
    const button = document.createElement('button')
    button.textContent = 'Reset this seat'
    button.disabled = seat.resetting || seat.state === 'absent'
    button.addEventListener('click', () => reset(button, seat))
    cell(row, '').append(button)
  }

  const show = (state) => {
    proof = state.proof
    document.title = `${state.name}: Standin`
    find('class').textContent = state.name
    const held =
      state.session === null ? '' : ` ${time(state.session.start)} to ${time(state.session.end)}, ${state.ready} of ${state.count} ready`
    const next = state.next === null ? '' : `; next ${time(state.next.start)}`
    find('phase').textContent = `${state.phase}${held}${next}${state.trouble === null ? '' : `; ${state.trouble}`}`
    const focused = document.activeElement?.closest?.('tr')?.rowIndex
    const body = document.createElement('tbody')
    body.id = 'seats'
    for (const seat of state.seats) seatRow(body.insertRow(), seat)
    find('seats').replaceWith(body)
    if (focused !== undefined) body.rows[focused - 1]?.querySelector('button')?.focus()
    const entries = state.report.toReversed().map(({ at, seat, message }) => {
      const entry = document.createElement('li')
      entry.textContent = `${time(at)}${seat === null ? '' : ` ${state.name}-${seat}`}: ${message}`
      return entry
    })
    find('report').replaceChildren(...entries)
  }

  const look = async () => {
    try {
      const answer = await fetch('page/now')
      if (answer.status === 401) return location.reload()
      if (!answer.ok) throw new Error()
      show(await answer.json())
      heardAt = Date.now()
    } catch {
      // Said below, once it lasts.
    }
    const isLive = Date.now() - heardAt < staleMs
    document.body.className = isLive ? 'live' : 'stale'
    find('link').textContent = isLive ? 'live' : 'not live: what stands here is old'
  }
  const follow = async () => {
    if (!document.hidden) await look()
    setTimeout(follow, everyMs)
  }
  follow()
}
