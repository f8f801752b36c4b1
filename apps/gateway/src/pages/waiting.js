// Runs in the visitor's browser, on the page that is shown while an environment wakes. `first` is its state when the
// page was made; every later one comes from the gateway. When it runs, the page that was asked for is loaded.
;(first) => {
  const at = (id) => document.getElementById(id)
  const started = Date.now()
  const asleep = new Set(['suspended', 'suspending'])
  let moved = !asleep.has(first.state)
  let done = false

  const show = (now) => {
    if (done) return
    const waits = now.phase === 'waits'
    const slept = moved && asleep.has(now.state)
    moved = moved || !asleep.has(now.state)
    const ended = now.phase === 'ended' || slept
    at('card').className = now.phase === 'runs' ? 'good' : now.phase === 'ended' ? 'bad' : ended ? 'still' : ''
    write('title', slept ? `${now.name} fell asleep again` : now.title)
    write('status', now.says)
    write('hint', ended || Date.now() - started > 15_000 ? now.hint : '')
    at('again').hidden = !ended
    at('below').hidden = ended
    document.title = now.title
    drawHosts(now.hosts)
    if (now.phase === 'runs') go()
    else if (!waits) at('again').textContent = 'Try again'
  }

  // Only what changed: a screen reader says everything that is written.
  const write = (id, text) => {
    const element = at(id)
    element.hidden = text === ''
    if (element.dataset.text === text) return
    element.dataset.text = text
    element.replaceChildren(
      ...text.split('`').map((part, index) => {
        if (index % 2 === 0) return part
        const code = document.createElement('code')
        code.textContent = part
        return code
      }),
    )
  }

  const drawHosts = (hosts) => {
    const list = at('hosts')
    list.hidden = hosts.length === 0
    while (list.children.length > hosts.length) list.lastElementChild.remove()
    for (const [index, { name, ready, wanted }] of hosts.entries()) {
      const row = list.children[index] ?? list.appendChild(at('row').content.firstElementChild.cloneNode(true))
      const [label, bar, count] = row.children
      row.className = ready >= wanted ? 'ready' : ''
      label.textContent = name
      bar.max = Math.max(1, wanted)
      bar.value = wanted === 0 ? 1 : ready
      bar.setAttribute('aria-label', name)
      count.textContent = ready >= wanted ? 'ready' : wanted === 1 ? 'waiting' : `${ready} of ${wanted} ready`
    }
  }

  const go = () => {
    done = true
    location.reload()
  }

  const listen = () => {
    const source = new EventSource('/.well-known/standin?watch')
    source.addEventListener('state', (event) => show(JSON.parse(event.data)))
    source.addEventListener('error', () => {
      // It tries again by itself, unless it was refused: then the gateway says why when it is asked for the page.
      if (source.readyState === EventSource.CLOSED && !done) setTimeout(go, 3_000)
    })
    addEventListener('pagehide', () => source.close())
  }

  at('again').addEventListener('click', go)
  setInterval(() => {
    const seconds = Math.round((Date.now() - started) / 1000)
    at('time').textContent = seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`
    // Whoever still looks at it wants it: nothing has begun, so ask once more.
    if (seconds > 0 && seconds % 20 === 0 && !moved && !done && document.visibilityState === 'visible') go()
  }, 1_000)
  // Shown again from the browser's memory: what it said may be long past.
  addEventListener('pageshow', (event) => event.persisted && go())
  at('below').hidden = false
  listen()
}
