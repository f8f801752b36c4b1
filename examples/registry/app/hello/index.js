module.exports = 'hello from a stand-in'
