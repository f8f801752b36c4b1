// What real use leaves behind: every customer's first order, placed through the API.
const customers = await (await fetch('http://api:8080/customers')).json()
const items = ['teapot', 'lamp', 'kettle', 'rug', 'clock']
for (const [index, customer] of customers.entries()) {
  const response = await fetch('http://api:8080/orders', {
    method: 'POST',
    body: JSON.stringify({ customer: customer.id, item: items[index % items.length] }),
  })
  if (response.status !== 201) throw new Error(`order of customer ${customer.id}: ${response.status} ${await response.text()}`)
}
console.log(`${customers.length} orders placed`)
