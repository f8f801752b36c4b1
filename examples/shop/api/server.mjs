import { createServer } from 'node:http'
import { addOrder, orders, read } from './store.mjs'

const [address, port] = process.env.LISTEN.split(':')

const server = createServer(async (request, response) => {
  const answer = (status, value) => {
    response.writeHead(status, { 'content-type': 'application/json' })
    response.end(`${JSON.stringify(value)}\n`)
  }
  const path = request.url.split('?')[0]
  try {
    if (path === '/health') return answer(200, { ok: true })
    if (path === '/customers') return answer(200, read('customers', []))
    if (path === '/users') return answer(200, read('users', []))
    if (path === '/settings') return answer(200, read('settings', {}))
    if (path === '/orders' && request.method === 'GET') return answer(200, orders())
    if (path === '/orders' && request.method === 'POST') {
      const { customer, item } = JSON.parse(await text(request))
      if (!read('customers', []).some((known) => known.id === String(customer))) {
        return answer(422, { error: `no customer ${customer}` })
      }
      const order = { id: orders().length + 1, customer: String(customer), item, at: new Date().toISOString() }
      addOrder(order)
      sendMail(order)
      return answer(201, order)
    }
    answer(404, { error: `nothing at ${path}` })
  } catch (error) {
    answer(400, { error: error.message })
  }
})

/** Production sends a confirmation; a clone must not, so the launch step points `mail` at nothing. */
function sendMail(order) {
  const { mail } = read('settings', {})
  console.log(mail?.host ? `confirmation of order ${order.id} sent through ${mail.host}` : `confirmation of order ${order.id} kept back`)
}

async function text(stream) {
  let all = ''
  for await (const chunk of stream) all += chunk
  return all
}

server.listen(Number(port), address, () => console.log(`api listens on ${address}:${port}`))
process.on('SIGTERM', () => {
  server.close(() => process.exit(0))
  server.closeIdleConnections()
})
