// An emulator of Telegram's Bot API that keeps what bots send. Started by telegram.py.
import { createRequire } from 'node:module'

const TelegramServer = createRequire(`${process.env.PACKAGES}/package.json`)('telegram-test-api')
await new TelegramServer({ host: '127.0.0.1', port: Number(process.env.PORT), storeTimeout: 3600 }).start()
console.log('listening {}')
