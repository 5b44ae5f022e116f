// Bluesky's own server (PDS) and, in the same process, the directory of identities that it asks. Started by pds.py.
import { createRequire } from 'node:module'
import { mkdirSync } from 'node:fs'
import { randomBytes } from 'node:crypto'
import net from 'node:net'
import { pathToFileURL } from 'node:url'

// Neither of them can be told an address to listen at, and both would take every one of the machine.
const listen = net.Server.prototype.listen
net.Server.prototype.listen = function (where, ...rest) {
  const port = typeof where === 'object' ? where.port : where
  return listen.call(this, { port: Number(port), host: '127.0.0.1' }, rest.find((each) => typeof each === 'function'))
}

const { PACKAGES, PORT, DIRECTORY_PORT, LIMITS } = process.env
const require = createRequire(`${PACKAGES}/package.json`)
const secret = (bytes) => randomBytes(bytes).toString('hex')

const { PlcServer, MockDatabase } = require('@did-plc/server')
const directory = PlcServer.create({ db: new MockDatabase(), port: Number(DIRECTORY_PORT) })
await directory.start()

mkdirSync('blobs', { recursive: true })
Object.assign(process.env, {
  PDS_PORT: PORT,
  PDS_HOSTNAME: 'localhost',
  PDS_DEV_MODE: 'true',
  PDS_DATA_DIRECTORY: process.cwd(),
  PDS_BLOBSTORE_DISK_LOCATION: 'blobs',
  PDS_DID_PLC_URL: `http://127.0.0.1:${DIRECTORY_PORT}`,
  PDS_INVITE_REQUIRED: 'false',
  PDS_RATE_LIMITS_ENABLED: LIMITS,
  PDS_JWT_SECRET: secret(16),
  PDS_DPOP_SECRET: secret(32),
  PDS_ADMIN_PASSWORD: secret(16),
  PDS_PLC_ROTATION_KEY_K256_PRIVATE_KEY_HEX: secret(32),
  LOG_ENABLED: 'false',
})
const { PDS, readEnv, envToCfg, envToSecrets } = await import(pathToFileURL(require.resolve('@atproto/pds')).href)
const environment = readEnv()
const server = await PDS.create(envToCfg(environment), envToSecrets(environment))
await server.start()
console.log('listening {}')

process.on('SIGTERM', async () => {
  await server.destroy()
  await directory.destroy()
  process.exit(0)
})
