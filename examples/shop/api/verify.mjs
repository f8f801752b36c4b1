import { read } from './store.mjs'

const known = new Set(read('customers', []).map((customer) => customer.id))
const users = read('users', [])
const lost = users.filter((user) => !known.has(user.customer))
for (const user of lost) console.log(`user ${user.login} belongs to customer ${user.customer}, which does not exist`)
console.log(`${users.length} users, ${known.size} customers`)
process.exit(lost.length === 0 && users.length > 0 ? 0 : 1)
