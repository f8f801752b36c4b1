import { createServer } from 'node:http'

const [address, port] = process.env.LISTEN.split(':')
const api = process.env.API_URL
const instance = process.env.STANDIN_INSTANCE ?? 'web'

const html = (text) => String(text).replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`)

const server = createServer(async (request, response) => {
  response.setHeader('x-instance', instance)
  if (request.url === '/health') return response.end('ok\n')
  try {
    if (request.url.startsWith('/api/')) {
      const answer = await fetch(api + request.url.slice(4), {
        method: request.method,
        ...(request.method === 'POST' ? { body: await text(request) } : {}),
      })
      response.writeHead(answer.status, { 'content-type': 'application/json' })
      return response.end(await answer.text())
    }
    if (request.url !== '/') {
      response.statusCode = 404
      return response.end('nothing here\n')
    }
    const [customers, orders] = await Promise.all(['/customers', '/orders'].map(async (path) => (await fetch(api + path)).json()))
    const names = new Map(customers.map((customer) => [customer.id, customer.name]))
    response.setHeader('content-type', 'text/html; charset=utf-8')
    response.end(`<!doctype html><html lang="en"><title>Shop</title><h1>Orders</h1><p>${customers.length} customers, ${orders.length} orders</p>
<ul>${orders.map((order) => `<li>${html(names.get(order.customer))}: ${html(order.item)}</li>`).join('')}</ul></html>\n`)
  } catch (error) {
    response.statusCode = 502
    response.end(`the api does not answer: ${error.message}\n`)
  }
})

async function text(stream) {
  let all = ''
  for await (const chunk of stream) all += chunk
  return all
}

server.listen(Number(port), address, () => console.log(`web listens on ${address}:${port}`))
process.on('SIGTERM', () => {
  server.close(() => process.exit(0))
  server.closeIdleConnections()
})
