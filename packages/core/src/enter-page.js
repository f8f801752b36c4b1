// Runs on the page that a link leads to. What stands behind the # is never sent with the address: it is in no log and no
// Referer, and programs that look at links before people do can't use it up.
{
  const { next, verb } = document.currentScript.dataset
  const say = (title, text) => {
    document.getElementById('title').textContent = title
    document.getElementById('text').textContent = text
  }
  const enter = async () => {
    const code = location.hash.slice(1)
    history.replaceState(null, '', location.pathname)
    const answer = await fetch('enter', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ code, secure: location.protocol === 'https:' }),
    })
    if (answer.ok) location.replace(next)
    else if (answer.status >= 500) say('That did not work', 'Standin does not answer as it should. Open the link again in a minute.')
    else say('This link does not work any more', `It works once, for ten minutes. "${verb}" prints a new one.`)
  }
  enter().catch(() => say('That did not work', 'Standin can not be reached. Open the link again in a minute.'))
}
