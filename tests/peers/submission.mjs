// Nodemailer's smtp-server as a server for handing letters in: STARTTLS, AUTH behind it, a limit of size.
// Started by mailservers.py; keeps each letter as NNNN.eml in its folder.
import { createRequire } from 'node:module'
import { createWriteStream, readFileSync } from 'node:fs'

const { PACKAGES, PORT, MOST, NAME, SECRET } = process.env
const { SMTPServer } = createRequire(`${PACKAGES}/package.json`)('smtp-server')

const answer = (code, text) => Object.assign(new Error(text), { responseCode: code })
let count = 0

const server = new SMTPServer({
  key: readFileSync('mail.pem'),
  cert: readFileSync('mail.pem'),
  size: Number(MOST),
  authMethods: ['PLAIN', 'LOGIN'],
  onAuth: ({ username, password }, session, done) =>
    username === NAME && password === SECRET
      ? done(null, { user: NAME })
      : done(answer(535, 'Invalid username or password')),
  onData: (stream, session, done) => {
    const file = createWriteStream(`${String(++count).padStart(4, '0')}.eml`)
    stream.pipe(file).on('finish', () => (stream.sizeExceeded ? done(answer(552, 'Message too large')) : done()))
  },
})
server.on('error', () => {})
server.listen(Number(PORT), '127.0.0.1', () => console.log('listening {}'))
